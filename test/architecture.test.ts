/** The rooms, and who may open which door: imports in `src` go along this table, and nowhere else. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const SRC = fileURLToPath(new URL("../src", import.meta.url));

interface Room {
  /** Rooms, and single files of rooms, that may be imported from; a room's own files always. */
  readonly may: readonly string[];
  /** Whether it may use Node; protocol rooms may not, so that they run in a browser and are tested without a port. */
  readonly node: boolean;
  /** The packages of others that it may use. */
  readonly packages?: readonly string[];
}

const CONTRACT = "gateway/contract";
const MESSAGES = ["gateway/fetch/body", "gateway/fetch/headers", "gateway/fetch/platform"];

const ROOMS: Readonly<Record<string, Room>> = {
  core: { may: [], node: false },
  http: { may: ["core"], node: false },
  http1: { may: ["core", "http"], node: false },
  net: { may: ["core"], node: true },
  gateway: { may: ["core", "http"], node: true },
  server: { may: ["core", "http", "http1", "net", CONTRACT], node: true },
  static: {
    may: ["core", "http", CONTRACT, "gateway/basic-auth", "gateway/preflight"],
    node: true,
    packages: ["mime-types"],
  },
  // A response is a message that was received, as the server's request is: what reads the one reads the other.
  client: { may: ["core", "http", "http1", "net", CONTRACT, ...MESSAGES], node: true },
  run: { may: ["core", "net", "server", CONTRACT, "gateway/delegate"], node: true },
  observe: { may: ["core", "http", CONTRACT, "server/events"], node: true },
  dev: { may: ["core", "http", CONTRACT, "gateway/delegate"], node: true },
};

/** The command and the package's front door put the rooms together. */
const ANYTHING: Room = { may: Object.keys(ROOMS), node: true };
const CLI: Room = { ...ANYTHING, packages: ["@swc/wasm-typescript", "qr"] };
const FRONT_DOOR = ["index.ts", "serve.ts"];

interface Import {
  readonly file: string;
  readonly specifier: string;
}

const files = readdirSync(SRC, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith(".ts"));
const imports = files.flatMap((file) => importsOf(file, readFileSync(join(SRC, file), "utf8")));

function importsOf(file: string, source: string): Import[] {
  const statements = source.matchAll(
    /^(?:import|export)\b(?:[^;"']*?\bfrom)?\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm,
  );
  return [...statements].map(([, from, dynamic]) => ({ file, specifier: (from ?? dynamic)! }));
}

function roomOf(file: string): Room {
  if (FRONT_DOOR.includes(file)) return ANYTHING;
  const name = file.split(sep)[0]!;
  const room = name === "cli" ? CLI : ROOMS[name];
  assert.ok(room !== undefined, `src/${file} is in no room that the table knows`);
  return room;
}

/** What is wrong with an import; `undefined` if nothing is. */
function objection({ file, specifier }: Import): string | undefined {
  const room = roomOf(file);
  if (specifier.startsWith("node:")) return room.node ? undefined : "uses Node";
  if (!specifier.startsWith(".")) return room.packages?.includes(specifier) ? undefined : "uses a package";
  if (!specifier.endsWith(".ts")) return "does not name a file";
  const target = relative(SRC, join(SRC, file, "..", specifier))
    .split(sep)
    .join("/");
  if (target.startsWith("..")) return "leaves src";
  if (target.split("/")[0] === file.split(sep)[0]) return undefined;
  const isFrontDoor = FRONT_DOOR.includes(file) && FRONT_DOOR.includes(target);
  const isAllowed = room.may.some(
    (door) => target === `${door}.ts` || (!door.includes("/") && target.startsWith(`${door}/`)),
  );
  return isAllowed || isFrontDoor ? undefined : "opens a door that is closed to it";
}

describe("imports go along the table", () => {
  for (const name of new Set(files.map((file) => file.split(sep)[0]!))) {
    test(`of src/${name}`, () => {
      const own = files.filter((file) => file.split(sep)[0] === name);
      for (const file of own) roomOf(file);
      const objections = imports
        .filter(({ file }) => own.includes(file))
        .flatMap((each) => {
          const wrong = objection(each);
          return wrong === undefined ? [] : [`src/${each.file} ${wrong}: ${each.specifier}`];
        });
      assert.deepEqual(objections, []);
    });
  }
});

test("the table's check sees what it is there for", () => {
  const wrong: [file: string, source: string, objection: string][] = [
    ["http/x.ts", 'import { readFileSync } from "node:fs";', "uses Node"],
    ["http1/x.ts", 'import fs from "fs";', "uses a package"],
    ["net/x.ts", 'import "mime-types";', "uses a package"],
    ["net/x.ts", 'export { a } from "../http/status.ts";', "opens a door that is closed to it"],
    [
      "server/x.ts",
      'import {\n  type A,\n  b,\n} from "../gateway/fetch/handler.ts";',
      "opens a door that is closed to it",
    ],
    ["server/x.ts", 'const a = await import("../cli/main.ts");', "opens a door that is closed to it"],
    ["core/x.ts", 'import type { A } from "../index.ts";', "opens a door that is closed to it"],
    ["core/x.ts", 'import a from "../../package.json";', "does not name a file"],
    ["core/x.ts", 'import a from "../../scripts/setup.ts";', "leaves src"],
  ];
  for (const [file, source, expected] of wrong) {
    const [found] = importsOf(file, source);
    assert.ok(found !== undefined, source);
    assert.equal(objection(found), expected, source);
  }
  const right =
    'import { a } from "./a.ts";\nimport type { Exchange } from "../gateway/contract.ts";\nimport net from "node:net";';
  assert.deepEqual(importsOf("server/x.ts", right).map(objection), [undefined, undefined, undefined]);
});
