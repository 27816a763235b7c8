import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, read, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { LineWriter } from "../../src/observe/line-writer.ts";
import { folder } from "../support/folder.ts";

function openLog(t: TestContext, name = "log") {
  const file = join(folder(), name);
  const reports: string[] = [];
  const writer = new LineWriter({ file, report: (line) => reports.push(line) });
  t.after(() => writer.close());
  return { file, writer, reports, text: () => readFileSync(file, "utf8") };
}

test("lines are appended in order, and are there once they were flushed", async (t) => {
  const { writer, text } = openLog(t);
  for (let i = 0; i < 1000; i++) writer.write(`line ${i}\n`);
  assert.equal(text(), "");
  await writer.flush();
  assert.deepEqual(text().split("\n"), [...Array.from({ length: 1000 }, (_, i) => `line ${i}`), ""]);
});

test("lines reach the file by themselves", async (t) => {
  const { writer, text } = openLog(t);
  writer.write("a line\n");
  while (text() === "") await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(text(), "a line\n");
});

test("after a rotation, lines go to a new file by the old name, and none is lost", async (t) => {
  const { writer, file, text } = openLog(t);
  writer.write("before\n");
  renameSync(file, `${file}.1`);
  await writer.reopen();
  writer.write("after\n");
  await writer.flush();
  assert.equal(readFileSync(`${file}.1`, "utf8"), "before\n");
  assert.equal(text(), "after\n");
});

test("a file that cannot be opened again is said, and the old one goes on", async (t) => {
  const { writer, file, reports } = openLog(t);
  renameSync(join(file, ".."), `${join(file, "..")}.moved`);
  await writer.reopen();
  writer.write("still here\n");
  await writer.flush();
  const moved = `${join(file, "..")}.moved`;
  assert.equal(readFileSync(join(moved, "log"), "utf8"), "still here\n");
  renameSync(moved, join(file, ".."));
  assert.match(reports.join("\n"), /^the log .* cannot be opened again, and goes on where it is: ENOENT/);
});

const file = join(folder(), "pipe");
const skip = spawnSync("mkfifo", [file]).status !== 0 && "mkfifo is not there";

test("what a slow reader does not take is dropped and counted; whoever writes never waits", { skip }, async () => {
  // A pipe that nobody reads from takes 64 KiB.
  const end = openSync(file, constants.O_RDWR);
  const reports: string[] = [];
  const writer = new LineWriter({ file, report: (line) => reports.push(line) });
  const line = `${"x".repeat(999)}\n`;
  for (let i = 0; i < 8000; i++) writer.write(line);
  const kept = Math.floor((4 * 1024 * 1024) / line.length) + 1;
  const closed = writer.close();
  const buffer = Buffer.alloc(64 * 1024);
  const readSome = promisify(read);
  for (let left = kept * line.length; left > 0; ) {
    const { bytesRead } = await readSome(end, buffer, 0, Math.min(left, buffer.length), null);
    left -= bytesRead;
  }
  await closed;
  closeSync(end);
  assert.deepEqual(reports, [`the log ${file} is written too slowly: ${8000 - kept} lines were dropped`]);
});

test("a reader that takes nothing is not waited for at the end", { skip, timeout: 60_000 }, async () => {
  const end = openSync(file, constants.O_RDWR);
  const reports: string[] = [];
  const writer = new LineWriter({ file, report: (line) => reports.push(line) });
  for (let i = 0; i < 200; i++) writer.write(`${"x".repeat(999)}\n`);
  await writer.close();
  closeSync(end);
  assert.match(reports.join("\n"), /^the log .*pipe is not read: lines are lost$/);
});

const LINE_WRITER = new URL("../../dist/observe/line-writer.js", import.meta.url).href;

test("a process ends, though a write of its log never returns", async (t) => {
  const program = `
    import { LineWriter } from ${JSON.stringify(LINE_WRITER)};
    const writer = new LineWriter({ file: "-", report: () => {} });
    for (let i = 0; i < 4000; i++) writer.write("x".repeat(999) + "\\n");
    await writer.close();
    process.exit(0);`;
  // What Node makes here is a socket, and its end in the child blocks.
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  assert.deepEqual(await once(child, "exit"), [null, "SIGKILL"]);
});
