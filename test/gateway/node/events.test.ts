/** When a listener is told what: the same events in the same order behind Portico as behind node:http. */
import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline, Readable } from "node:stream";
import { describe, type TestContext, test } from "node:test";
import { type Client, deferred, INCOMPLETE } from "../../server/support.ts";
import { type NodeListener, serve, serveNode } from "./support.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
/** The half of a body. */
const HALF = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello";

/** Takes what is told; resolves when so much was. */
class Log {
  readonly entries: string[] = [];
  readonly #wanted: number;
  readonly #complete = deferred();

  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  push(entry: string): void {
    if (this.entries.push(entry) === this.#wanted) this.#complete.resolve();
  }

  /** The entries; what comes at once behind the last one is among them. */
  async complete(): Promise<readonly string[]> {
    await this.#complete.promise;
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    return this.entries;
  }
}

/** Notes what a request and its response say, and how things stand then. */
function note(log: Log, req: IncomingMessage, res: ServerResponse): void {
  for (const event of ["end", "aborted", "close", "error"]) {
    req.on(event, (error?: NodeJS.ErrnoException) => {
      log.push(`request ${event}${error === undefined ? "" : ` ${error.message} ${error.code}`}`);
    });
  }
  for (const event of ["prefinish", "finish", "close", "error"]) {
    res.on(event, () => {
      const { writableEnded, writableFinished, destroyed, closed } = res as ServerResponse & { closed: boolean };
      log.push(`response ${event} ${JSON.stringify({ writableEnded, writableFinished, destroyed, closed })}`);
    });
  }
}

interface Stage {
  readonly log: Log;
  /** Tells the client that its turn has come. */
  readonly sent: () => void;
}

interface Course {
  readonly request: string;
  readonly listener: (req: IncomingMessage, res: ServerResponse, stage: Stage) => unknown;
  /** What the client does, when it has sent its request or, with `waits`, when it is told to. */
  readonly client?: (client: Client) => Promise<unknown>;
  readonly waits?: true;
  /** How much is told in the end. */
  readonly entries: number;
}

const COURSES: Record<string, Course> = {
  "a response to a request that nobody reads": {
    request: GET,
    listener: (_, res) => res.end("ok"),
    entries: 5,
  },
  "a response to a body that is read": {
    request: POST,
    listener: (req, res) => req.resume().on("end", () => res.end("ok")),
    entries: 5,
  },
  "a response to a body that nobody reads": {
    request: POST,
    listener: (_, res) => res.end("ok"),
    entries: 5,
  },
  "callbacks of a response": {
    request: GET,
    listener: (_, res, { log }) => {
      res.write("a", () => log.push("written"));
      res.end("b", () => log.push("ended"));
    },
    entries: 7,
  },
  "a second end()": {
    request: GET,
    listener: (_, res, { log }) => {
      res.end("a").end();
      res.end("b", (error?: NodeJS.ErrnoException) => log.push(`late ${error?.code}`));
      res.write("c", (error) => log.push(`later ${(error as NodeJS.ErrnoException).code}`));
    },
    entries: 9,
  },
  "a client that leaves before the response": {
    request: GET,
    listener: (_, __, { sent }) => sent(),
    client: async (client) => client.reset(),
    waits: true,
    entries: 4,
  },
  "a client that leaves when its body was read": {
    request: POST,
    listener: (req, _, { sent }) => req.resume().on("end", sent),
    client: async (client) => client.reset(),
    waits: true,
    entries: 3,
  },
  "a client that leaves in the middle of its body": {
    request: HALF,
    listener: (req, _, { sent }) => req.once("data", sent),
    client: async (client) => client.reset(),
    waits: true,
    entries: 4,
  },
  "a client that leaves in the middle of the response": {
    request: GET,
    listener: (_, res, { sent }) => res.write("half", () => sent()),
    client: async (client) => client.reset(),
    waits: true,
    entries: 4,
  },
  "a client that closes in order": {
    request: GET,
    listener: (_, res, { sent }) => res.write("half", () => sent()),
    client: async (client) => client.socket.destroy(),
    waits: true,
    entries: 4,
  },
  "a response that is destroyed": {
    request: GET,
    listener: (_, res) => res.destroy(),
    client: (client) => assert.rejects(client.response(), INCOMPLETE),
    entries: 4,
  },
  "a request that is destroyed": {
    request: HALF,
    listener: (req) => req.destroy(new Error("enough")),
    client: (client) => assert.rejects(client.response(), INCOMPLETE),
    entries: 4,
  },
  "a socket that is destroyed": {
    request: GET,
    listener: (req, res) => {
      res.write("half");
      setImmediate(() => req.socket.destroy());
    },
    client: (client) => assert.rejects(client.response(), INCOMPLETE),
    entries: 4,
  },
  "a pipeline whose source fails": {
    request: GET,
    listener: (_, res, { log }) => {
      async function* source() {
        yield "half";
        throw new Error("out of order");
      }
      pipeline(Readable.from(source()), res, (error) => log.push(`pipeline ${error?.message}`));
    },
    client: (client) => assert.rejects(client.response(), INCOMPLETE),
    entries: 5,
  },
  "a pipeline whose client leaves": {
    request: GET,
    listener: (_, res, { sent, log }) => {
      const source = new Readable({ read: sent });
      source.push("half");
      pipeline(source, res, (error) => log.push(`pipeline ${error?.code}`));
    },
    client: async (client) => client.reset(),
    waits: true,
    entries: 5,
  },
  "a timeout of the response": {
    request: GET,
    listener: (_, res, { log }) => {
      res.setTimeout(10, () => {
        log.push("timeout");
        res.end("late");
      });
    },
    client: (client) => client.response(),
    entries: 6,
  },
  "a timeout that nobody listens for": {
    request: GET,
    listener: (_, res) => res.setTimeout(10),
    client: (client) => assert.rejects(client.response(), INCOMPLETE),
    entries: 4,
  },
};

describe("node:http and Portico tell the same, in the same order, of", () => {
  for (const [what, course] of Object.entries(COURSES)) {
    test(what, { timeout: 10_000 }, async (t) => {
      const expected = await run(t, course, serveNode);
      const actual = await run(t, course, async (t, listener) => (await serve(t, listener)).client);
      assert.deepEqual(actual, expected);
    });
  }
});

type Serve = (t: TestContext, listener: NodeListener) => Promise<Client>;

async function run(t: TestContext, course: Course, serve: Serve): Promise<readonly string[]> {
  const log = new Log(course.entries);
  const turn = deferred();
  const client = await serve(t, (req, res) => {
    note(log, req, res);
    course.listener(req, res, { log, sent: turn.resolve });
  });
  await client.send(course.request);
  if (course.waits) await turn.promise;
  await course.client?.(client);
  return log.complete();
}

const ENDS: Readonly<Record<string, { readonly end?: (req: IncomingMessage, res: ServerResponse) => void }>> = {
  "its client leaves": {},
  "the response is destroyed": { end: (_, res) => res.destroy() },
  "it is destroyed itself": { end: (req) => req.socket.destroy() },
};

for (const [what, { end }] of Object.entries(ENDS)) {
  test(`a socket says that it is closed, as on-finished asks it, when ${what}`, async (t) => {
    for (const by of [serveNode, async (t: TestContext, listener: NodeListener) => (await serve(t, listener)).client]) {
      const [begun, closed] = [deferred(), deferred()];
      const client = await by(t, (req, res) => {
        req.socket.once("close", () => closed.resolve());
        res.write("half", () => {
          begun.resolve();
          end?.(req, res);
        });
      });
      await client.send(GET);
      await begun.promise;
      if (end === undefined) client.socket.destroy();
      await closed.promise;
    }
  });
}
