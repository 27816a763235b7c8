/** Scripts for a test to run, over a real server and held to the contract. They go when the test ends, and so do their processes. */
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { type CgiOptions, cgi } from "../../../src/gateway/cgi/handler.ts";
import { lint } from "../../../src/gateway/lint.ts";
import type { Server, ServerOptions } from "../../../src/server/server.ts";
import { type Client, connect, deferred, start } from "../../server/support.ts";
import { makeTree, type Tree } from "../../static/support.ts";

/** Makes a directory of scripts: what begins with #! is executable. */
export function makeScripts(t: TestContext, tree: Tree): string {
  const directory = makeTree(t, tree);
  for (const [name, content] of Object.entries(tree)) {
    if (typeof content === "string" && content.startsWith("#!")) chmodSync(path.join(directory, name), 0o755);
  }
  return directory;
}

/** A shell script that answers in plain text with what these commands print. */
export function sh(commands: string): string {
  return `#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n${commands}\n`;
}

export interface Scripts {
  readonly directory: string;
  readonly server: Server;
  readonly client: Client;
  /** The lines of the log so far. */
  readonly lines: readonly string[];
  /** Resolves with the first line of the log that matches. */
  logged(pattern: RegExp): Promise<string>;
}

/** Serves scripts, and connects a client. Unless it says which lines of the log it expects, there are none. */
export async function serveScripts(
  t: TestContext,
  tree: Tree | string,
  { log: expected, ...options }: Omit<CgiOptions, "log"> & { readonly log?: readonly RegExp[] } = {},
  serverOptions?: ServerOptions,
): Promise<Scripts> {
  const directory = typeof tree === "string" ? tree : makeScripts(t, tree);
  const lines: string[] = [];
  let told = deferred();
  const log = (line: string) => {
    lines.push(line);
    told.resolve();
    told = deferred();
  };
  const server = await start(t, lint(cgi(directory, { ...options, log })), serverOptions);
  const logged = async (pattern: RegExp) => {
    for (;;) {
      const line = lines.find((line) => pattern.test(line));
      if (line !== undefined) return line;
      await told.promise;
    }
  };
  t.after(() => {
    const patterns = expected ?? [];
    const unexpected = lines.filter((line) => !patterns.some((pattern) => pattern.test(line)));
    assert.deepEqual(unexpected, []);
  });
  return { directory, server, client: await connect(t, server), lines, logged };
}

export function writeScript(directory: string, name: string, content: string): void {
  writeFileSync(path.join(directory, name), content);
  chmodSync(path.join(directory, name), 0o755);
}
