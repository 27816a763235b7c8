/** `portico dev`, from outside: real processes, real saves. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { strictClient } from "../run/strict-client.ts";
import { folder } from "../support/folder.ts";
import { gone } from "../support/gone.ts";
import { type Portico, runPortico, startPortico } from "../support/portico.ts";

const SAYING = (what: string) => `
import { setTimeout } from "node:timers/promises";
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/wait") await setTimeout(500);
    if (pathname === "/block") for (console.log("it blocks"); ; );
    if (pathname === "/exit") process.exit(7);
    if (pathname === "/pid") return new Response(String(process.pid));
    if (pathname === "/page") return new Response("<p>${what}</p>", { headers: { "content-type": "text/html" } });
    return new Response("${what}");
  },
};
`;

interface Dev extends Portico {
  readonly cwd: string;
  /** Writes a file beside the application. */
  save(name: string, content: string): void;
  /** What a program is answered; a `page` is asked for as a browser does. */
  ask(path?: string, page?: boolean): Promise<string>;
}

async function develop(t: TestContext, files: Record<string, string>, ...args: string[]): Promise<Dev> {
  const cwd = folder(files);
  const portico = await startPortico(["dev", ...args], { cwd });
  t.after(() => portico.stop("SIGKILL"));
  return Object.assign(portico, {
    cwd,
    save: (name: string, content: string) => writeFileSync(join(cwd, name), content),
    ask: async (path = "/", page = false) => {
      const headers = { connection: "close", ...(page && { accept: "text/html", "sec-fetch-dest": "document" }) };
      return (await fetch(portico.url + path, { headers })).text();
    },
  });
}

describe("a save", { timeout: 240_000 }, () => {
  test("is what the very next request meets", async (t) => {
    const { ask, save } = await develop(t, { "server.ts": SAYING("0") });
    assert.equal(await ask(), "0");
    for (let i = 1; i <= 8; i++) {
      save("server.ts", SAYING(String(i)));
      assert.equal(await ask(), String(i));
    }
  });

  test("time after time, under load, fails no request and drops no connection", async (t) => {
    const { ask, save, url } = await develop(t, { "server.ts": SAYING("0") });
    const { stop, tally } = strictClient(Number(new URL(url).port), 8);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number>();
    for (let i = 1; i <= 12; i++) {
      save("server.ts", SAYING(String(i)));
      const request = http.get(url, { agent });
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      ports.add(request.socket!.localPort!);
      assert.equal((await response.setEncoding("utf8").toArray()).join(""), String(i));
      const wanted = tally.answered + 50;
      while (tally.answered < wanted) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    agent.destroy();
    assert.equal(ports.size, 1, "one connection lives through all reloads");
    assert.deepEqual((await stop()).failures, {});
    assert.equal(await ask(), "12");
  });

  test("of a module that is imported counts, wherever it stands, and however it is saved", async (t) => {
    const server = (path: string) =>
      `import { word } from "${path}"; export default { fetch: () => new Response(word) };`;
    const files = { "app/server.ts": server("../lib/word.ts"), "lib/word.ts": 'export const word: string = "one";' };
    const { ask, cwd, save } = await develop(t, files, "app/server.ts");
    assert.equal(await ask(), "one");
    save("lib/word.ts", 'export const word = "two";');
    assert.equal(await ask(), "two");
    save("lib/.word.ts.new", 'export const word = "three";');
    renameSync(join(cwd, "lib/.word.ts.new"), join(cwd, "lib/word.ts"));
    assert.equal(await ask(), "three");
    rmSync(join(cwd, "app"), { recursive: true });
    mkdirSync(join(cwd, "app"));
    save("app/server.ts", server("../lib/word.ts").replace("(word)", '(word + "!")'));
    assert.equal(await ask(), "three!");
  });

  test("of many files at once, as a checkout does, is one reload, and not one for each", async (t) => {
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`m${i}.ts`, `export const n = 0;`]));
    const imports = Object.keys(files).map((name, i) => `import { n as n${i} } from "./${name}";`);
    const sum = Object.keys(files)
      .map((_, i) => `n${i}`)
      .join(" + ");
    const server = `${imports.join("\n")}\nexport default { fetch: () => new Response(String(${sum})) };`;
    const dev = await develop(t, { ...files, "server.ts": server });
    assert.equal(await dev.ask(), "0");
    for (const name of Object.keys(files)) dev.save(name, "export const n = 1;");
    assert.equal(await dev.ask(), "40");
    // A machine that has much else to do may pause in the middle of them.
    assert.ok(dev.output.match(/reloaded in/g)!.length <= 3);
  });

  test("lets a request that is under way end with the code it began with", async (t) => {
    const { ask, save, written } = await develop(t, { "server.ts": SAYING("old") });
    const waiting = ask("/wait");
    await ask();
    save("server.ts", SAYING("new"));
    assert.equal(await ask(), "new");
    assert.equal(await waiting, "old");
    await written(/server\.ts changed: reloaded in \d+ ms\n/);
  });

  test("leaves nothing of the old code running", async (t) => {
    const { ask, save } = await develop(t, { "server.ts": SAYING("1") });
    const pid = Number(await ask("/pid"));
    save("server.ts", SAYING("2"));
    assert.notEqual(Number(await ask("/pid")), pid);
    await gone(pid);
  });

  test("replaces code that blocks its process", async (t) => {
    const { ask, save, written } = await develop(t, { "server.ts": SAYING("1") }, "--grace-timeout", "100");
    const blocked = ask("/block");
    await written(/it blocks/);
    save("server.ts", SAYING("2"));
    assert.equal(await ask(), "2");
    assert.match(await blocked, /The application's process has ended: SIGKILL/);
  });
});

describe("code that cannot be loaded", { timeout: 240_000 }, () => {
  test("leaves the last good state to programs, and is shown to whoever opens a page, until it is repaired", async (t) => {
    const { ask, save, written } = await develop(t, { "server.ts": SAYING("good") });
    assert.equal(await ask("/"), "good");
    save("server.ts", "export default {\n  fetch( {");
    assert.equal(await ask("/"), "good");
    await written(/server\.ts:2:11: /);
    assert.match(await ask("/page", true), /server\.ts:2:11/);
    save("server.ts", SAYING("better"));
    assert.match(await ask("/page", true), /<p>better<\/p>/);
    assert.equal(await ask("/"), "better");
  });

  test("from the start on is shown to everybody, until it is repaired", async (t) => {
    const { ask, save } = await develop(t, { "server.ts": 'import "./missing.ts";\nexport default {' }, "server.ts");
    assert.match(await ask("/"), /^ {4}at server\.ts:2:1\d$/m);
    save("server.ts", 'import { word } from "./missing.ts"; export default { fetch: () => new Response(word) };');
    assert.match(
      await ask("/"),
      /loaded\n\nserver\.ts imports missing\.ts, which does not exist\n {4}at server\.ts:1:25\n\nGET/,
    );
    save("missing.ts", "export const worm = 1;");
    assert.match(
      await ask("/"),
      /SyntaxError: .* export named 'word'; if it is a type: import type\n {4}at server\.ts:1:1\n\n/,
    );
    save("missing.ts", "export const word = 1 +;");
    assert.match(await ask("/"), /^ {4}at missing\.ts:1:24$/m);
    save("missing.ts", 'export const word = "found";');
    assert.equal(await ask("/"), "found");
  });

  test("because it throws, ends its process, holds no application or waits for ever, says so", async (t) => {
    const { ask, save } = await develop(t, { "server.ts": SAYING("0") });
    const wrong: [string, RegExp][] = [
      [
        'throw new Error("no database");',
        /<h1><span>Error<\/span>no database<\/h1>\s+<ol><li><details open><summary><code>server\.ts:1:7</,
      ],
      ["process.exit(4);", /<h1>it ended while it was loaded: exit code 4<\/h1>/],
      ["export const a = 1;", /server\.ts holds no application: it exports only a/],
      ["await new Promise(() => {});", /it ended while it was loaded: exit code 1/],
    ];
    for (const [code, message] of wrong) {
      save("server.ts", code);
      assert.match(await ask("/page", true), message);
    }
    save("server.ts", SAYING("1"));
    assert.equal(await ask(), "1");
  });
});

test("an error that nobody catches is shown to whoever waits for the process that it ends", async (t) => {
  const { ask, save } = await develop(t, {
    "server.ts": `export default { fetch: () => new Promise(() => setTimeout(() => {
      throw new RangeError("too late");
    })) };`,
  });
  const text = await ask();
  assert.match(text, /Error: The application's process has ended: exit code 1\n\ncaused by: RangeError: too late\n/);
  assert.match(text, /\n {4}at .*server\.ts:2:13\)?\n/);
  save(
    "server.ts",
    'setTimeout(() => { throw new Error("at once") });\nawait new Promise(() => setInterval(() => {}, 1000));',
  );
  assert.match(await ask("/", true), /<h1><span>Error<\/span>at once<\/h1>/);
});

test("an application that ends its process is started again by the next request", async (t) => {
  const { ask, written } = await develop(t, { "server.ts": SAYING("1") });
  assert.match(await ask("/exit"), /The application's process has ended: exit code 7/);
  await written(/the application's process has ended: exit code 7/);
  assert.equal(await ask(), "1");
});

test("what fails behind its response is logged, as without development", async (t) => {
  const module = `
    import { createServer } from "node:http";
    export default createServer(async (_, response) => {
      await new Promise((resolve) => response.end("ok", resolve));
      throw new Error("too late");
    });`;
  const { ask, written } = await develop(t, { "server.ts": module });
  assert.equal(await ask(), "ok");
  await written(/Error: too late/);
});

test("the application's port, where it stands, and its NODE_ENV are the application's", async (t) => {
  const server = "export default { port: 0, hostname: '0.0.0.0', fetch: () => new Response(process.env.NODE_ENV) };";
  const cwd = folder({ "server.ts": server });
  const portico = await startPortico(["dev"], { cwd, env: { PORT: "" } });
  t.after(() => portico.stop("SIGKILL"));
  assert.match(portico.url, /^http:\/\/0\.0\.0\.0:[1-9]/);
  assert.equal(await (await fetch(portico.url)).text(), "development");
});

test("a password that stands in the configuration is on no command line", async (t) => {
  const cwd = folder({
    "server.ts": "export default { fetch: () => Response.json(process.argv) };",
    "portico.config.json": JSON.stringify({ auth: "me:pass" }),
  });
  const portico = await startPortico(["dev", "server.ts"], { cwd });
  t.after(() => portico.stop("SIGKILL"));
  assert.equal((await fetch(portico.url)).status, 401);
  const authorization = `Basic ${btoa("me:pass")}`;
  const argv = await (await fetch(portico.url, { headers: { authorization, connection: "close" } })).text();
  assert.match(argv, /dev-application/);
  assert.doesNotMatch(argv, /me:pass/);
});

test("files are served as they were just saved, and pages with the script that follows them", async (t) => {
  const { ask, save } = await develop(t, { "index.html": "<h1>1</h1>", "a.css": "1" }, ".");
  for (let i = 1; i < 5; i++) {
    save("a.css", String(i));
    assert.equal(await ask("/a.css"), String(i));
    save("index.html", `<h1>${i}</h1>`);
    assert.equal(await ask("/"), `<h1>${i}</h1>`);
    assert.match(await ask("/", true), new RegExp(`^<h1>${i}</h1>\\n<script src="/\\.portico/live\\.js" data-version`));
  }
});

test("a page that is to be saved is the author's, without a script", async (t) => {
  const _headers = "/saved.html\n  Content-Disposition: attachment\n/shown.html\n  Content-Disposition: inline\n";
  const { ask } = await develop(t, { "saved.html": "<p>saved", "shown.html": "<p>shown", _headers }, ".");
  assert.equal(await ask("/saved.html", true), "<p>saved");
  assert.match(await ask("/shown.html", true), /^<p>shown\n<script /);
});

test("no browser keeps a file without asking, whatever its name, unless it is told to", async (t) => {
  const files = { "app.3f9a1c2b.js": "1", "logo.png": "png" };
  for (const [args, said] of [
    [[], "no-cache"],
    [["--cache-control", "max-age=5"], "max-age=5"],
  ] as const) {
    const { url } = await develop(t, files, ".", ...args);
    for (const name of Object.keys(files)) {
      assert.equal((await fetch(`${url}/${name}`)).headers.get("cache-control"), said, name);
    }
  }
});

test("--watch says the same, and files stand beside the application", async (t) => {
  const cwd = folder({ "server.ts": SAYING("application"), "public/a.html": "<p>file</p>" });
  const portico = await startPortico(["--watch", "--static", "public"], { cwd });
  t.after(() => portico.stop("SIGKILL"));
  const get = async (path: string, headers = {}) => (await fetch(portico.url + path, { headers })).text();
  assert.equal(await get("/a.html"), "<p>file</p>");
  assert.match(await get("/a.html", { accept: "text/html", "accept-encoding": "gzip" }), /^<p>file<\/p>\n<script /);
  assert.equal(await get("/"), "application");
  writeFileSync(join(cwd, "server.ts"), SAYING("saved"));
  assert.equal(await get("/"), "saved");
});

test("--check says what would run, as for serving, and ends", async () => {
  for (const args of [
    ["dev", "--check"],
    ["--watch", "--check"],
  ]) {
    const { code, stdout } = await runPortico(args, { cwd: folder({ "server.ts": SAYING("1") }) });
    assert.match(stdout, /^portico would serve application server\.ts /);
    assert.equal(code, 0);
  }
});

describe("a change of the configuration file", { timeout: 240_000 }, () => {
  test("holds at once, its limits on a connection that is open as well, and nobody is lost", async (t) => {
    const { ask, save, url, written } = await develop(t, {
      "server.ts": SAYING("1"),
      "other.ts": SAYING("other"),
      "portico.config.ts": 'export default { headers: ["X-A: one"] };',
    });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const get = async (path: string) => {
      const request = http.get(url + path, { agent });
      const [response] = (await once(request, "response")) as [http.IncomingMessage];
      await response.resume().toArray();
      return [response.statusCode, response.headers["x-a"], request.socket!.localPort];
    };
    const [status, field, port] = await get("/");
    assert.deepEqual([status, field], [200, "one"]);
    const waiting = ask("/wait");
    save(
      "portico.config.ts",
      'export default { headers: ["X-A: two"], entry: "other.ts", limits: { maxRequestLineSize: 100 } };',
    );
    await written(/^portico\.config\.ts changed: applied entry, headers, limits\.maxRequestLineSize$/m);
    assert.deepEqual(await get("/"), [200, "two", port]);
    assert.deepEqual(await get(`/${"x".repeat(100)}`), [414, undefined, port]);
    assert.equal(await ask(), "other");
    assert.equal(await waiting, "1");
    save("other.ts", SAYING("saved"));
    assert.equal(await ask(), "saved");
  });

  test("is not lost on what cannot change, and what is wrong with it leaves all as it is", async (t) => {
    const { ask, save, url, written, cwd } = await develop(t, { "server.ts": SAYING("1") });
    const field = async () => (await fetch(url)).headers.get("access-control-allow-origin");
    save("portico.config.json", '{ "port": 1, "cors": true, "admin": "2", "workers": 3 }');
    await written(/^portico\.config\.json changed: applied cors; admin only when portico is started again$/m);
    assert.equal(await field(), "*");
    save("portico.config.json", '{ "cors": 1 }');
    await written(/^portico\.config\.json: cors takes true or false, not 1; what held before goes on$/m);
    save("portico.config.json", '{ "cors": true, "static": "nowhere" }');
    await written(/nowhere.*; what held before goes on$/m);
    assert.equal(await field(), "*");
    save("portico.config.json", '{ "cors": true, "isolate": true }');
    await written(/^portico\.config\.json changed: applied isolate; admin only when/m);
    rmSync(join(cwd, "portico.config.json"));
    await written(/^portico\.config\.json changed: applied cors, isolate$/m);
    assert.equal(await field(), null);
    save("server.ts", SAYING("2"));
    assert.equal(await ask(), "2");
  });
});

test("Ctrl-C ends it and all its processes, with 0, though a page still follows", async (t) => {
  const dev = await develop(t, { "server.ts": SAYING("1") });
  const pid = Number(await dev.ask("/pid"));
  const events = await fetch(`${dev.url}/.portico/events`);
  assert.deepEqual(await dev.stop("SIGINT"), { code: 0, signal: null });
  await gone(pid);
  assert.match(await events.text(), /^retry: 200\n(?:event: version\ndata: \S+\n\n)+$/);
});
