/** Configuration files, as the command reads them: real files, real processes. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { SCHEMA_FILE, schemaText } from "../../scripts/schema.ts";
import { type FileLayer, parseArguments } from "../../src/cli/arguments.ts";
import { readConfig } from "../../src/cli/config-file.ts";
import { DEFAULTS } from "../../src/cli/settings.ts";
import { warningsOf } from "../../src/cli/warnings.ts";
import { defineConfig } from "../../src/index.ts";
import { folder } from "../support/folder.ts";
import { runPortico, startPortico } from "../support/portico.ts";
import { install } from "../support/program.ts";

const SERVER = "export default { fetch: () => new Response('served') };";

/** What a file gives, by the keys of the table. */
async function read(config: unknown): Promise<object> {
  const file = join(folder({ "c.json": JSON.stringify(config) }), "c.json");
  return (await readConfig(file)).values;
}

async function explained(args: readonly string[], files: Record<string, string>, env: Record<string, string> = {}) {
  const { stdout, stderr } = await runPortico(["config", "explain", ...args], { cwd: folder(files), env });
  assert.equal(stderr, "");
  return stdout;
}

const TYPED = `
const idle: number = 65_000;
export default { entry: "app/main.ts", port: 0, workers: 1, quiet: false, timeouts: { idle } };`;

for (const [name, text] of [
  ["portico.config.ts", TYPED],
  ["portico.config.mjs", TYPED.replace(": number", "")],
  [
    "portico.config.json",
    '{ "$schema": "./x.json", "entry": "app/main.ts", "port": 0, "timeouts": { "idle": 65000 } }',
  ],
] as const) {
  test(`${name} is found where the command runs, and names what is served`, async (t) => {
    const cwd = folder({ [name]: text, "app/main.ts": SERVER });
    const portico = await startPortico([], { cwd, env: { PORT: "" } });
    t.after(() => portico.stop("SIGKILL"));
    assert.match(portico.output, /application app\/main\.ts/);
    assert.equal(await (await fetch(portico.url)).text(), "served");
    assert.match(await explained(["timeouts.idle"], { [name]: text }), new RegExp(`65000 +${name}\n`));
  });
}

test("a flag goes before the environment, that before the file, that before the application, that before the default", async () => {
  const wishes = "export default { port: 5, hostname: '127.0.0.5', fetch: () => new Response() };";
  const files = { "server.ts": wishes, "portico.config.json": '{ "port": 4 }' };
  const address = async (args: string[], env: Record<string, string>, some: Record<string, string>) => {
    const { stdout } = await runPortico([...args, "--check"], { cwd: folder(some), env: { PORT: "", ...env } });
    return /http:\/\/(\S+)/.exec(stdout)![1];
  };
  const { "portico.config.json": _, ...withoutFile } = files;
  assert.equal(await address(["-p", "2"], { PORT: "3" }, files), "127.0.0.5:2");
  assert.equal(await address([], { PORT: "3" }, files), "127.0.0.5:3");
  assert.equal(await address([], {}, files), "127.0.0.5:4");
  assert.equal(await address([], {}, withoutFile), "127.0.0.5:5");
  assert.equal(await address([], {}, { "server.ts": SERVER }), "127.0.0.1:8000");
});

test("workers read the file, when they start and when they are reloaded", async (t) => {
  const limit = (size: number) => JSON.stringify({ workers: 2, limits: { maxRequestLineSize: size } });
  const cwd = folder({ "server.ts": SERVER, "portico.config.json": limit(100) });
  const portico = await startPortico([], { cwd });
  t.after(() => portico.stop("SIGKILL"));
  const status = async () =>
    (await fetch(`${portico.url}/${"x".repeat(120)}`, { headers: { connection: "close" } })).status;
  assert.equal(await status(), 414);
  writeFileSync(join(cwd, "portico.config.json"), limit(200));
  portico.child.kill("SIGHUP");
  await portico.written(/reloaded 2 workers/);
  assert.equal(await status(), 200);
  writeFileSync(join(cwd, "portico.config.json"), "{");
  portico.child.kill("SIGHUP");
  await portico.written(/reload failed, the old workers stay: portico\.config\.json:1:2: /);
  assert.equal(await status(), 200);
});

test("values come as a flag would give them", async () => {
  const config = {
    port: 0,
    workers: 4,
    model: "threads",
    spa: true,
    admin: false,
    headers: ["A: b"],
    cors: true,
    limits: { maxConnections: 0 },
  };
  assert.deepEqual(await read(config), {
    port: 0,
    workers: "4",
    model: "threads",
    spa: "index.html",
    headers: ["A: b"],
    cors: true,
    "limits.maxConnections": 0,
  });
});

describe("what is wrong with a file is one line that names the file, the key, and what would be right", () => {
  const cases: [config: unknown, complaint: string][] = [
    [{ prot: 80 }, "there is no option prot; did you mean port?"],
    [{ "idle-timeout": 1 }, "there is no option idle-timeout; did you mean idle, in timeouts?"],
    [{ idle: 1 }, "there is no option idle; did you mean idle, in timeouts?"],
    [{ timeouts: { idel: 1 } }, "there is no option timeouts.idel; did you mean idle, in timeouts?"],
    [{ host: "::" }, "there is no option host; did you mean hostname?"],
    [{ frobnicate: 1 }, "there is no option frobnicate; portico config explain lists what there is"],
    [{ check: true }, "check is no option of a file: it belongs to a call, --check"],
    [{ timeouts: { idle: "5s" } }, 'timeouts.idle takes a whole number, not "5s"'],
    [{ timeouts: { idle: -1 } }, "timeouts.idle takes a whole number, not -1"],
    [{ timeouts: 5 }, "timeouts takes an object, not 5"],
    [{ port: 65_536 }, "port takes a number from 0 to 65535, not 65536"],
    [{ port: "80" }, 'port takes a number from 0 to 65535, not "80"'],
    [{ model: "thread" }, 'model takes event-loop, serial, threads or processes, not "thread"'],
    [{ quiet: "yes" }, 'quiet takes true or false, not "yes"'],
    [{ headers: "A: b" }, 'headers takes a list of texts, not "A: b"'],
    [{ static: "" }, 'static takes a text, not ""'],
    [{ entry: 5 }, "entry takes a path, not 5"],
    [[], "holds no configuration: [] is no object"],
  ];
  for (const [config, complaint] of cases) {
    test(JSON.stringify(config), async () => {
      const file = join(folder({ "c.json": JSON.stringify(config) }), "c.json");
      const separator = Array.isArray(config) ? " " : ": ";
      await assert.rejects(readConfig(file), { name: "CommandError", message: `${file}${separator}${complaint}` });
    });
  }

  test("a file that is not there, does not parse, throws, exports nothing, or is there twice", async () => {
    const line = async (files: Record<string, string>, ...args: string[]) => {
      const { code, stderr } = await runPortico(args, { cwd: folder(files) });
      assert.equal(code, 1, stderr);
      return stderr;
    };
    const ts = "portico.config.ts";
    const json = "portico.config.json";
    assert.equal(await line({}, "--config", "x.ts"), "portico: there is no file x.ts (--config)\n");
    assert.equal(await line({}, "--config", "."), "portico: . is not a file (--config)\n");
    assert.match(await line({ [json]: '{\n  "port": 1,\n}' }), /^portico: portico\.config\.json:3:1: [^\n]+\n$/);
    assert.match(await line({ [ts]: "export default {" }), /^portico: portico\.config\.ts:1:17: /);
    assert.match(
      await line({ [ts]: "throw new Error('x')" }),
      /^portico: portico\.config\.ts threw while it was loaded, [^\n]*Error: x\n$/,
    );
    assert.match(await line({ [ts]: "const a = 1" }), /^portico: portico\.config\.ts has no default export: [^\n]+\n$/);
    assert.match(
      await line({ [ts]: "export default {}", [json]: "{}" }),
      /^portico: portico\.config\.ts and portico\.config\.json are both there/,
    );
  });
});

describe("an address is one thing", () => {
  const given = (args: string[], env: Record<string, string>, values: FileLayer["values"]) => {
    const command = parseArguments(args, env, { kind: "file", name: "f", entry: undefined, values });
    assert.ok(command.action === "serve");
    const { unix, fd, port, hostname } = command.given;
    return { unix, fd, port, hostname };
  };
  const none = { unix: undefined, fd: undefined, port: undefined, hostname: undefined };

  test("a port that is asked for takes the place of a file's socket, and the other way round", () => {
    assert.deepEqual(given(["-p", "80"], {}, { unix: "/run/x" }), { ...none, port: 80 });
    assert.deepEqual(given([], { PORT: "80" }, { fd: 3 }), { ...none, port: 80 });
    assert.deepEqual(given(["--unix", "/run/x"], {}, { port: 80, hostname: "::" }), { ...none, unix: "/run/x" });
  });

  test("a host and a port may come from two places", () => {
    assert.deepEqual(given(["-p", "80"], {}, { hostname: "::" }), { ...none, port: 80, hostname: "::" });
    assert.deepEqual(given([], {}, { unix: "/run/x" }), { ...none, unix: "/run/x" });
  });
});

test("what a file turns on, a flag turns off", async () => {
  const files = { "portico.config.json": '{ "cors": true }' };
  assert.match(await explained(["cors"], files), /^cors = true\n/);
  assert.match(
    await explained(["cors", "--cors=false"], files),
    /^cors = false\n\n {2}false +--cors\n {2}true +portico\.config\.json, overruled\n/,
  );
});

test("explain says each value and who set it, and hides the password", async () => {
  const files = { "my.json": '{ "port": 1, "auth": "me:secret", "timeouts": { "idle": 7 } }' };
  const text = await explained(["--config", "my.json", "-q"], files, { PORT: "", HOST: "::1", WEB_CONCURRENCY: "3" });
  const rows = new Map(text.split("\n").map((line) => [line.split(" ", 1)[0]!, line.split(/ {2,}/).slice(1)]));
  assert.deepEqual(rows.get("port"), ["1", "my.json"]);
  assert.deepEqual(rows.get("hostname"), ["::1", "$HOST"]);
  assert.deepEqual(rows.get("workers"), ["3", "$WEB_CONCURRENCY"]);
  assert.deepEqual(rows.get("quiet"), ["true", "--quiet"]);
  assert.deepEqual(rows.get("timeouts.idle"), ["7", "my.json"]);
  assert.deepEqual(rows.get("timeouts.send"), ["30000", "default"]);
  assert.deepEqual(rows.get("auth"), ["••••••", "my.json"]);
  assert.doesNotMatch(text, /secret/);
});

test("explain takes a key or a flag's name, and knows what a mistyped one was meant to be", async () => {
  const text = await explained(["idle-timeout"], {});
  assert.match(text, /^timeouts\.idle = 5000\n\n {2}5000 +the default\n\nmilliseconds a kept connection waits/);
  const { code, stderr } = await runPortico(["config", "explain", "idle-timeot"]);
  assert.equal(stderr, "portico: there is no option idle-timeot; did you mean idle-timeout?\n");
  assert.equal(code, 2);
});

test("a configuration is typed by the table", () => {
  const config = defineConfig({
    model: "threads",
    workers: 4,
    spa: true,
    headers: ["A: b"],
    limits: { maxHeaderCount: 5 },
  });
  assert.equal(config.workers, 4);
  // @ts-expect-error
  defineConfig({ model: "thread" });
  // @ts-expect-error
  defineConfig({ timeouts: { idle: "5s" } });
  // @ts-expect-error
  defineConfig({ prot: 80 });
  // @ts-expect-error
  defineConfig({ check: true });
});

test("what docs/config.md shows is what happens", async () => {
  const page = readFileSync(new URL("../../docs/config.md", import.meta.url), "utf8");
  const block = (language: string) => new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "m").exec(page)![1]!;
  const cwd = folder({ "portico.config.ts": block("ts"), "b.json": block("json") });
  install(cwd);
  const { entry, values } = await readConfig(join(cwd, "portico.config.ts"));
  assert.deepEqual(
    [entry, values.port, values.workers, values["timeouts.idle"]],
    ["src/server.ts", 8080, "auto", 65_000],
  );
  assert.deepEqual((await readConfig(join(cwd, "b.json"))).values, { port: 8080, "timeouts.idle": 65_000 });
  const shown = /^ {4}\$ portico (.*)\n((?: {4}.*\n|\n)+)/m.exec(page)!;
  const { stdout } = await runPortico(shown[1]!.split(" "), { cwd, env: { PORT: "" } });
  assert.ok(stdout.startsWith(shown[2]!.replace(/^ {4}/gm, "").trimEnd()), stdout);
});

test("config.schema.json says what the table of options says", () => {
  assert.equal(readFileSync(SCHEMA_FILE, "utf8"), schemaText(), "run: npm run docs");
});

describe("--check warns of what is known to hurt", () => {
  const plan = { model: "event-loop", workers: 1 } as const;
  const cases: [string, Parameters<typeof warningsOf>, RegExp | null][] = [
    ["the defaults", [DEFAULTS, plan], null],
    [
      "an idle timeout below a load balancer's",
      [{ ...DEFAULTS, hostname: "::" }, plan],
      /^timeouts\.idle is 5 s: .*--idle-timeout 65000$/,
    ],
    ["one above", [{ ...DEFAULTS, hostname: "::", "timeouts.idle": 65_000 }, plan], null],
    [
      "no limit",
      [{ ...DEFAULTS, hostname: "10.0.0.1", "timeouts.idle": 65_000, "limits.maxConnections": 0 }, plan],
      /^limits\.maxConnections is 0/,
    ],
    ["no limit on loopback", [{ ...DEFAULTS, "limits.maxConnections": 0 }, plan], null],
    ["an admin page for everybody", [{ ...DEFAULTS, admin: ":9901" }, plan], /^--admin listens for the whole network/],
    ["one on loopback", [{ ...DEFAULTS, admin: "9901" }, plan], null],
    [
      "a password in the clear",
      [{ ...DEFAULTS, hostname: "::", "timeouts.idle": 65_000, auth: "a:b" }, plan],
      /^the password of --auth crosses the network/,
    ],
    ["memory of one process", [{ ...DEFAULTS, maxRss: 500 }, plan], /^--max-rss is for --model processes: /],
    ["requests of one process", [{ ...DEFAULTS, maxRequests: 500 }, plan], /^--max-requests is for workers: /],
    ["many workers", [DEFAULTS, { model: "processes", workers: 9999 }], /^9999 workers share \d+ cores/],
    [
      "workers that go together",
      [
        { ...DEFAULTS, maxRequests: 9 },
        { model: "processes", workers: 2 },
      ],
      /^--max-requests 9 without --max-requests-jitter/,
    ],
  ];
  for (const [name, given, expected] of cases) {
    test(name, () => {
      const warnings = warningsOf(...given);
      assert.equal(warnings.length, expected === null ? 0 : 1, warnings.join("\n"));
      if (expected !== null) assert.match(warnings[0]!, expected);
    });
  }

  test("on standard error, and still ends with 0", async () => {
    const { code, stdout, stderr } = await runPortico(["--check", "--host", "0.0.0.0"], { cwd: folder() });
    assert.match(stdout, /^portico would serve files from \. at http:\/\/0\.0\.0\.0:0 by the model event-loop\n$/);
    assert.match(stderr, /^portico: warning: timeouts\.idle is 5 s/);
    assert.equal(code, 0);
  });
});
