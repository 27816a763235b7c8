import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseArguments } from "../../src/cli/arguments.ts";
import { CommandError } from "../../src/cli/command-error.ts";
import { runPortico } from "../support/portico.ts";

function given(args: string[], env: Record<string, string> = {}) {
  const command = parseArguments(args, env);
  assert.equal(command.action, "serve");
  return { entry: command.entry, ...command.given };
}

test("without arguments nothing is given, so that defaults and the application decide", () => {
  assert.deepEqual(given([]), { entry: undefined });
});

test("flags are read in all their forms, before and after the entry", () => {
  const expected = { entry: "./html", port: 7890, hostname: "::1", quiet: true };
  assert.deepEqual(given(["./html", "--port", "7890", "--host", "::1", "--quiet"]), expected);
  assert.deepEqual(given(["--port=7890", "--host=::1", "-q", "./html"]), expected);
  assert.deepEqual(given(["-qp7890", "--host", "::1", "./html"]), expected);
});

test("the port can be the second word", () => {
  assert.deepEqual(given(["./html", "7890"]), { entry: "./html", port: 7890 });
  assert.deepEqual(given(["./html", "7890", "-p", "7890"]), { entry: "./html", port: 7890 });
});

test("a flag goes before the environment, and so does the second word", () => {
  const env = { PORT: "3000", HOST: "0.0.0.0" };
  assert.deepEqual(given([], env), { entry: undefined, port: 3000, hostname: "0.0.0.0" });
  assert.deepEqual(given(["-p", "4000"], env), { entry: undefined, port: 4000, hostname: "0.0.0.0" });
  assert.deepEqual(given([".", "4000"], env), { entry: ".", port: 4000, hostname: "0.0.0.0" });
});

test("what a flag overrides need not be right", () => {
  assert.deepEqual(given(["-p", "4000"], { PORT: "tcp://10.0.0.1" }), { entry: undefined, port: 4000 });
});

test("an empty environment variable counts as none", () => {
  assert.deepEqual(given([], { PORT: "", HOST: "" }), { entry: undefined });
});

test("of a flag that is given twice, the last counts", () => {
  assert.deepEqual(given(["-p", "1", "--port", "2"]), { entry: undefined, port: 2 });
});

test("of a flag that takes several values, all count, in their order", () => {
  const headers = ["A: 1", "B: 2"];
  assert.deepEqual(given(["--header", "A: 1", ".", "--header=B: 2"]), { entry: ".", headers });
});

test("a flag that means something alone takes another value behind = only", () => {
  assert.deepEqual(given(["--spa", "./site"]), { entry: "./site", spa: "index.html" });
  assert.deepEqual(given(["--spa=app.html", "./site"]), { entry: "./site", spa: "app.html" });
});

test("a password can come from the environment", () => {
  assert.deepEqual(given([], { PORTICO_AUTH: "ada:secret" }), { entry: undefined, auth: "ada:secret" });
  assert.deepEqual(given(["--auth", "a:b"], { PORTICO_AUTH: "ada:secret" }), { entry: undefined, auth: "a:b" });
});

test("a socket's path overrides the environment's address", () => {
  assert.deepEqual(given(["--unix", "/run/x"], { PORT: "80" }), { entry: undefined, port: 80, unix: "/run/x" });
});

test("what follows -- is no flag", () => {
  assert.deepEqual(given(["--", "--port"]), { entry: "--port" });
});

test("help and version are asked for whatever else is there", () => {
  assert.equal(parseArguments(["--help", "a", "b", "c"], {}).action, "help");
  assert.equal(parseArguments(["-h"], {}).action, "help");
  assert.equal(parseArguments(["-V"], {}).action, "version");
});

describe("what is typed wrongly is named in one line, with what would be right", () => {
  const cases: [string[], string, Record<string, string>?][] = [
    [["--prot", "80"], "there is no option --prot; did you mean --port?"],
    [["--hots", "::"], "there is no option --hots; did you mean --host?"],
    [["--quite"], "there is no option --quite; did you mean --quiet?"],
    [["--stat"], "there is no option --stat; did you mean --static?"],
    [["--frobnicate"], "there is no option --frobnicate; portico --help lists what there is"],
    [["-x"], "there is no option -x; portico --help lists what there is"],
    [["-p", "80a"], '--port takes a number from 0 to 65535, not "80a"'],
    [["--port", "65536"], '--port takes a number from 0 to 65535, not "65536"'],
    [["--port", "-1"], '--port takes a number from 0 to 65535, not "-1"'],
    [["--port=0x50"], '--port takes a number from 0 to 65535, not "0x50"'],
    [["--port"], "--port needs a value: --port PORT"],
    [["--port", "--quiet"], "--port needs a value: --port PORT"],
    [["--host="], "--host needs a value: --host HOST"],
    [["--backlog", "1.5"], '--backlog takes a whole number, not "1.5"'],
    [["--quiet=no"], '--quiet takes no value, so not "no"'],
    [[".", "http"], 'PORT, the second word, takes a number from 0 to 65535, not "http"'],
    [[".", "80", "90"], 'there is no place for "90": portico takes one ENTRY and one PORT'],
    [[".", "80", "-p", "90"], "two different ports are given, 80 and --port 90"],
    [[], 'PORT in the environment takes a number from 0 to 65535, not "http"', { PORT: "http" }],
    [
      [],
      'PORT in the environment takes a number from 0 to 65535, not "/run/x"; a socket at a path: --unix /run/x',
      { PORT: "/run/x" },
    ],
    [["--unix", "/x", "-p", "1"], "--unix listens on a path and --port on an address: give one of them"],
    [["--unix", "/x", "--host", "::"], "--unix listens on a path and --host on an address: give one of them"],
    [["--prefix", "/a"], "--prefix says where --static files stand: give --static DIR as well"],
    [["--static", ".", "--prefix", "a"], '--prefix takes a path that starts with /, not "a"'],
    [["--cgi-prefix", "/a"], "--cgi-prefix says where --cgi programs stand: give --cgi DIR as well"],
    [["--base", "a"], '--base takes a path that starts with /, not "a"'],
    [["--base", "/%zz"], '--base takes a path that starts with /, not "/%zz"'],
    [["--spa="], "--spa needs a value: --spa=FILE"],
    [["--header", "a b"], `--header takes 'Name: value', not "a b"`],
    [["--header", "a b: c"], '--header: "a b" is not the name of a field'],
    [["--header", "A: b\r\nC: d"], "--header: the value of A has a character that may not be sent"],
    [["--header", "content-length: 5"], "--header: content-length is the server's to say"],
    [["--auth", "secret"], "--auth (or PORTICO_AUTH) takes USER:PASSWORD"],
    [[], "--auth (or PORTICO_AUTH) takes USER:PASSWORD", { PORTICO_AUTH: ":secret" }],
    [["--cgi", ".", "--cgi-prefix", "a"], '--cgi-prefix takes a path that starts with /, not "a"'],
  ];
  for (const [args, message, env = {}] of cases) {
    test(`portico ${args.join(" ")}: ${message}`, () => {
      assert.throws(
        () => parseArguments(args, env),
        (error) => {
          assert.ok(error instanceof CommandError);
          assert.deepEqual([error.message, error.exitCode], [message, 2]);
          return true;
        },
      );
    });
  }
});

test("the command prints such a line on standard error and exits with code 2", async () => {
  const { code, stdout, stderr } = await runPortico(["--prot", "80"]);
  assert.deepEqual([code, stdout, stderr], [2, "", "portico: there is no option --prot; did you mean --port?\n"]);
});
