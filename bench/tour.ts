/**
 * What the tour's ways to serve many clients cost: `npm run bench:tour` prints the table of
 * docs/tour.md. Linux only: all of it is the kernel's own account, from /proc.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import net from "node:net";
import { stops } from "../scripts/tour.ts";

const SILENT = 20;
const REQUESTS = 500;
/** Milliseconds for which nobody asks anything. */
const IDLE = 2000;
/** Clock ticks a second in /proc/PID/stat: 100 on every Linux there is. */
const TICK_US = 10_000;

const PROGRAMS: readonly [number: string, name: string][] = [
  ["12", "a process for each connection (12)"],
  ["13", "a thread for each connection (13)"],
  ["15", "a polled list of sockets (15)"],
  ["16", "readiness events (16)"],
  ["21", "Portico (21)"],
];

interface Account {
  /** Microseconds of CPU, of children that are gone as well. */
  readonly cpu: number;
  /** How often a thread of it, of those that are there, went to sleep and so had to be woken; not of its children. */
  readonly sleeps: number;
  /** Bytes of memory, what is shared counted once. */
  readonly memory: number;
}

function account(pid: number): Account {
  let [cpu, sleeps, memory] = [0, 0, 0];
  for (const each of [pid, ...childrenOf(pid)]) {
    const fields = read(`/proc/${each}/stat`).split(") ")[1]?.split(" ") ?? [];
    cpu += fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * TICK_US;
    memory += Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${each}/smaps_rollup`))?.[1] ?? 0) * 1024;
  }
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    sleeps += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(read(`/proc/${pid}/task/${thread}/status`))?.[1] ?? 0);
  }
  return { cpu, sleeps, memory };
}

function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

/** Empty for what has just gone: a child's CPU is its parent's then, and a thread takes its count of sleeps along. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

async function ask(port: number): Promise<string> {
  const socket = net.connect({ port, host: "127.0.0.1" });
  let text = "";
  socket.setEncoding("utf8").on("data", (piece) => (text += piece));
  socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await once(socket, "close");
  return text;
}

const idle = () => new Promise((resolve) => setTimeout(resolve, IDLE));

/** Waits until nothing starts or ends any more. */
async function settle(pid: number, most: number): Promise<void> {
  for (let [times, last] = [0, -1]; times < most; times++) {
    const { cpu } = account(pid);
    if (cpu - last < 5 * TICK_US) return;
    last = cpu;
    await idle();
  }
}

async function measure(number: string, name: string): Promise<string> {
  const { command } = stops().find((stop) => stop.number === number)!;
  const env = { ...process.env, PORT: "0" };
  const child = spawn(process.execPath, [...command, ...(command.includes("--port") ? ["--port", "0"] : [])], { env });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  while (!/127\.0\.0\.1:\d+/.test(output)) await once(child.stdout, "data");
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(output)![1]);
  for (let i = 0; i < 20; i++) await ask(port);
  // Processes and threads take their time; Portico lets a client go that has said nothing for ten seconds.
  const isForEach = number === "12" || number === "13";
  const patience = isForEach ? 15 : 2;
  await settle(child.pid!, patience);

  const bare = account(child.pid!);
  const silent = Array.from({ length: SILENT }, () => net.connect({ port, host: "127.0.0.1" }));
  await Promise.all(silent.map((socket) => once(socket, "connect")));
  await settle(child.pid!, patience);
  const before = account(child.pid!);
  await idle();
  const after = account(child.pid!);
  const requests = isForEach ? REQUESTS / 10 : REQUESTS;
  let looks = 0;
  for (let i = 0; i < requests; i++) looks += Number(/(\d+) looks/.exec(await ask(port))?.[1] ?? 1);
  const end = account(child.pid!);
  for (const socket of silent) socket.destroy();
  child.kill("SIGKILL");

  const perClient = (before.memory - bare.memory) / SILENT;
  const cells = [
    name,
    Math.round(looks / requests),
    `${((end.sleeps - after.sleeps) / requests).toFixed(1)}`,
    `${((end.cpu - after.cpu) / requests / 1000).toFixed(2)} ms`,
    `${(((after.cpu - before.cpu) / (IDLE * 1000)) * 100).toFixed(0)} %`,
    // What is less is lost in what a collection frees meanwhile.
    perClient > 16 * 1024 ? `${(perClient / 2 ** 20).toFixed(1)} MB` : "< 16 KB",
  ];
  return `| ${cells.join(" | ")} |`;
}

console.log(
  "| way | reads tried a request | wake-ups a request | CPU a request | CPU at rest | memory a silent client |",
);
console.log("| --- | --: | --: | --: | --: | --: |");
for (const [number, name] of PROGRAMS) console.log(await measure(number, name));
