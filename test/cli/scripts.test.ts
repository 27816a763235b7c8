/** `--cgi DIR`: programs beside a site, and beside an application. */
import assert from "node:assert/strict";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { folder } from "../support/folder.ts";
import { gone, isRunning } from "../support/gone.ts";
import { runPortico, startPortico } from "../support/portico.ts";

const SCRIPT = '#!/bin/sh\necho Content-Type: text/plain\necho\necho "$SCRIPT_NAME $PATH_TRANSLATED"\n';

function makeFolder(files: Readonly<Record<string, string>> = {}): string {
  const cwd = folder({ "cgi/a.sh": SCRIPT, "cgi/to.sh": "#!/bin/sh\nprintf 'Location: /page.html\\n\\n'\n", ...files });
  for (const name of ["a.sh", "to.sh"]) chmodSync(join(cwd, "cgi", name), 0o755);
  return cwd;
}

async function serve(t: TestContext, cwd: string, ...args: string[]): Promise<(path: string) => Promise<string>> {
  const portico = await startPortico(args, { cwd });
  t.after(() => portico.stop());
  return async (path) => (await fetch(new URL(path, portico.url))).text();
}

test("programs run under /cgi-bin/, with the site elsewhere, to which they can redirect", async (t) => {
  const cwd = makeFolder({ "site/page.html": "page", "site/cgi-bin/a.sh": "file" });
  const get = await serve(t, cwd, "site", "--cgi", "cgi");
  assert.equal(await get("/page.html"), "page");
  assert.equal(await get("/cgi-bin/to.sh"), "page");
  assert.match(await get("/cgi-bin/a.sh/x"), /^\/cgi-bin\/a\.sh \/.*\/site\/x\n$/);
  assert.equal(await get("/cgi-bin/none"), "404 Not Found\n");
});

test("programs run under a prefix of one's own, before --static files and the application", async (t) => {
  const app = "export default { fetch: () => new Response('app') }";
  const cwd = makeFolder({ "app.ts": app, "public/page.html": "page", "public/run/a.sh": "file" });
  const get = await serve(t, cwd, "app.ts", "--static", "public", "--cgi", "cgi", "--cgi-prefix", "/run");
  assert.match(await get("/run/a.sh/x"), /^\/run\/a\.sh \/.*\/public\/x\n$/);
  assert.equal(await get("/run/to.sh"), "page");
  assert.equal(await get("/cgi-bin/a.sh"), "app");
});

test("no program outlives Portico, whatever it makes of SIGTERM", async () => {
  const stubborn =
    "#!/bin/sh\ntrap '' TERM\necho $$ > pid\nprintf 'Status: 200\\n\\nbegun'\nwhile :; do sleep 0.1; done\n";
  const cwd = makeFolder({ "site/page.html": "page", "cgi/b.sh": stubborn });
  chmodSync(join(cwd, "cgi/b.sh"), 0o755);
  const portico = await startPortico(["site", "--cgi", "cgi", "--grace-timeout", "100"], { cwd });
  const response = await fetch(new URL("/cgi-bin/b.sh", portico.url));
  const reader = response.body!.getReader();
  await reader.read();
  const pid = Number(readFileSync(join(cwd, "cgi/pid"), "utf8"));
  assert.ok(isRunning(pid));
  const cut = assert.rejects(reader.read());
  assert.equal((await portico.stop()).code, 0);
  await cut;
  await gone(pid);
});

test("programs inside of what is served as files are refused, and so is a directory that is not there", async () => {
  const cwd = makeFolder({ "site/page.html": "page", "app.ts": "export default { fetch() {} }" });
  const cases: [args: string[], complaint: string][] = [
    [["--cgi", "cgi"], "the programs in cgi (--cgi) would be served as files, too: put them beside ., not in it"],
    [
      ["cgi", "--cgi", "cgi"],
      "the programs in cgi (--cgi) would be served as files, too: put them beside cgi, not in it",
    ],
    [["site", "--cgi", "none"], "there is no directory none (--cgi)"],
    [["site", "--cgi", "app.ts"], "app.ts is not a directory (--cgi)"],
  ];
  for (const [args, complaint] of cases) {
    const { code, stderr } = await runPortico(args, { cwd });
    assert.deepEqual([code, stderr], [1, `portico: ${complaint}\n`]);
  }
});
