/**
 * The async context (`AsyncLocalStorage`) through the gateways: it follows each request through what its application
 * awaits, streams and is told, and the next request of the connection begins without it.
 */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Handler } from "../../src/gateway/contract.ts";
import { fetchHandler } from "../../src/gateway/fetch/handler.ts";
import { lint } from "../../src/gateway/lint.ts";
import { fromNodeListener } from "../../src/gateway/node/from-listener.ts";
import { wintertc } from "../../src/gateway/wintertc/handler.ts";
import { PROTOCOL } from "../../src/gateway/wintertc/interface.ts";
import { wsgi } from "../../src/gateway/wsgi/handler.ts";
import { connect, start } from "../server/support.ts";

const storage = new AsyncLocalStorage<string>();

/** What the storage held when it was looked at: at first nothing, and the request's own from then on. */
type Seen = (string | undefined)[];

/** Puts a request into the context, for what it calls or, with /enter, for what comes. */
function begin<T>(target: string, seen: Seen, answer: () => T): T {
  seen.push(storage.getStore());
  if (!target.startsWith("/enter")) return storage.run(target, answer);
  storage.enterWith(target);
  return answer();
}

/** Looks at the storage now, and after waiting in several ways. */
async function* look(seen: Seen): AsyncGenerator<string> {
  seen.push(storage.getStore());
  await null;
  yield `${storage.getStore()}\n`;
  await delay(1);
  yield `${storage.getStore()}\n`;
  await new Promise(setImmediate);
  yield `${storage.getStore()}\n`;
}

function answer(request: Pick<Request, "url" | "text">, seen: Seen): Promise<Response> {
  return begin(new URL(request.url).pathname, seen, async () => {
    await request.text();
    const pieces = look(seen);
    const body = new ReadableStream<string>({
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    });
    return new Response(body.pipeThrough(new TextEncoderStream()));
  });
}

/** Each gateway's application answers with what the storage holds as it streams. */
const GATEWAYS: Record<string, (seen: Seen) => Handler> = {
  fetch: (seen) => fetchHandler((request) => answer(request, seen)),

  wintertc: (seen) => wintertc({ [PROTOCOL]: 1, fetch: ({ request }) => answer(request, seen) }),

  wsgi: (seen) =>
    wsgi((environ, startResponse) =>
      begin(environ.PATH_INFO, seen, async () => {
        for await (const _ of environ["wsgi.input"]) seen.push(storage.getStore());
        startResponse("200 OK", [["Content-Type", "text/plain"]]);
        // The server asks for the pieces of a generator: it holds on to its context by itself.
        const pieces: string[] = [];
        for await (const piece of look(seen)) pieces.push(piece);
        return pieces;
      }),
    ),

  node: (seen) =>
    fromNodeListener((request, response) =>
      begin(request.url!, seen, () => {
        const note = () => seen.push(storage.getStore());
        request.on("data", note).on("end", note).on("close", note);
        response.on("finish", note).on("close", note);
        request.on("end", async () => {
          for await (const piece of look(seen)) response.write(piece, note);
          response.end(note);
        });
      }),
    ),
};

const TARGETS = ["/run/1", "/enter/2", "/run/3", "/enter/4", "/enter/5", "/run/6"];

describe("the context follows each request, and reaches no other, through", () => {
  for (const [name, gateway] of Object.entries(GATEWAYS)) {
    test(`${name}, one after the other, pipelined, and side by side`, async (t) => {
      const all = new Map<string, Seen>();
      const inner = (seen: Seen) => lint(gateway(seen));
      const server = await start(t, (exchange) => {
        const seen: Seen = [];
        all.set(exchange.head.target, seen);
        return inner(seen)(exchange);
      });
      const client = await connect(t, server);
      const request = (target: string) => `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello`;

      for (const target of TARGETS) {
        await client.send(request(target));
        assert.equal((await client.response()).text, `${target}\n`.repeat(3));
      }
      const pipelined = TARGETS.map((target) => `${target}/pipelined`);
      await client.send(pipelined.map(request).join(""));
      for (const target of pipelined) assert.equal((await client.response()).text, `${target}\n`.repeat(3));
      const parallel = TARGETS.map((target) => `${target}/parallel`);
      await Promise.all(
        parallel.map(async (target) => {
          const own = await connect(t, server);
          await own.send(request(target));
          assert.equal((await own.response()).text, `${target}\n`.repeat(3));
        }),
      );

      assert.equal(all.size, 3 * TARGETS.length);
      for (const [target, [first, ...rest]] of all) {
        assert.equal(first, undefined, `nothing is left for ${target}`);
        assert.ok(rest.length >= 1);
        assert.deepEqual(
          rest,
          rest.map(() => target),
        );
      }
    });
  }
});
