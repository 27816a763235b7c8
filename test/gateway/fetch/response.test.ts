import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import * as threads from "node:worker_threads";
import { LightResponse } from "../../../src/gateway/fetch/response.ts";
import { type Classes, same } from "./both.ts";

/** All that can be read off a response, its body as bytes. */
async function facts(response: Response): Promise<unknown> {
  const { status, statusText, ok, type, url, redirected, bodyUsed, headers } = response;
  const hasBody = response.body !== null;
  const bytes = [...new Uint8Array(await response.arrayBuffer())];
  return { status, statusText, ok, type, url, redirected, bodyUsed, hasBody, headers: [...headers], bytes };
}

function sameFacts(name: string, make: (classes: Classes) => Response): void {
  same(name, async (classes) => facts(make(classes)));
}

const BYTES = new Uint8Array([0, 1, 2, 250, 251, 252]);

function streamOf(...pieces: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
}

const BODIES: readonly [name: string, body: () => unknown][] = [
  ["nothing", () => undefined],
  ["null", () => null],
  ["an empty string", () => ""],
  ["a string", () => "héllo €"],
  ["a string with a lone surrogate", () => "a\ud800b"],
  ["a number", () => 7],
  ["a boolean", () => false],
  ["an object", () => ({ toString: () => "converted" })],
  ["a Date", () => new Date(0).toISOString()],
  ["bytes", () => BYTES],
  ["bytes within a larger buffer", () => BYTES.subarray(2, 5)],
  ["a DataView of a part", () => new DataView(BYTES.buffer, 1, 3)],
  ["16-bit numbers", () => new Uint16Array([1, 2, 65_535])],
  ["an ArrayBuffer", () => BYTES.buffer.slice(0)],
  ["a Buffer", () => Buffer.from("buffer")],
  ["a Blob", () => new Blob(["blob"])],
  ["a Blob with a type", () => new Blob(["blob"], { type: "text/x-blob" })],
  ["URL parameters", () => new URLSearchParams({ a: "1 2", b: "é" })],
  ["a stream", () => streamOf("one", "two")],
];

describe("a response is made of what the platform's is made of", () => {
  for (const [name, body] of BODIES) {
    sameFacts(`of ${name}`, ({ Response }) => new Response(body() as BodyInit));
    sameFacts(`of ${name}, with a type given`, ({ Response }) => {
      return new Response(body() as BodyInit, { headers: { "Content-Type": "text/x-own" } });
    });
  }
  same("of a form, as multipart", async ({ Response }) => {
    const form = new FormData();
    form.append("name", "välue");
    form.append("file", new File(["content"], "name.txt", { type: "text/plain" }));
    const response = new Response(form);
    const type = response.headers.get("content-type")!.replace(/boundary=.*/, "boundary=");
    const back = await response.formData();
    const file = back.get("file") as File;
    return [type, back.get("name"), file.name, file.type, await file.text()];
  });
  same("bytes are copied when the response is made", async ({ Response }) => {
    const bytes = new Uint8Array([1, 2, 3]);
    const response = new Response(bytes);
    bytes.fill(9);
    return [...new Uint8Array(await response.arrayBuffer())];
  });
  same("headers given are copied when the response is made", ({ Response, Headers }) => {
    const given = new Headers({ a: "1" });
    const response = new Response("", { headers: given });
    given.set("a", "2");
    response.headers.append("a", "3");
    return [[...given], [...response.headers]];
  });
  same("a list of headers given is copied, too", ({ Response }) => {
    const given: [string, string][] = [["a", "1"]];
    const response = new Response("", { headers: given });
    given[0]![1] = "2";
    return [...response.headers];
  });
});

describe("a response has the status the platform would give it", () => {
  for (const status of [
    -1,
    0,
    99,
    100,
    101,
    103,
    199,
    200,
    204,
    205,
    304,
    404,
    599,
    600,
    65_736,
    200.9,
    "201",
    "x",
    null,
    NaN,
  ]) {
    sameFacts(`${status}`, ({ Response }) => new Response(null, { status: status as number }));
    sameFacts(`${status} with a body`, ({ Response }) => new Response("", { status: status as number }));
  }
  for (const statusText of ["", "Fine", "é", "a\tb", "a\nb", "a\r", "\0", "€", "\u007f", 7]) {
    sameFacts(
      `text ${JSON.stringify(statusText)}`,
      ({ Response }) => new Response(null, { statusText: statusText as string }),
    );
  }
  for (const init of [undefined, null, {}, 1, "a", () => {}]) {
    sameFacts(`described by ${String(init)}`, ({ Response }) => new Response("", init as ResponseInit));
  }
});

describe("responses of the static methods are the platform's", () => {
  for (const value of [{ a: [1, "é", null] }, null, 0, "text", [], undefined, () => {}, 10n]) {
    sameFacts(`json of ${inspect(value)}`, ({ Response }) => Response.json(value));
  }
  sameFacts("json with a status and fields", ({ Response }) => {
    return Response.json({}, { status: 201, headers: { "Content-Type": "application/problem+json", a: "1" } });
  });
  sameFacts("json with a status that has no body", ({ Response }) => Response.json({}, { status: 204 }));
  for (const [url, status] of [
    ["http://a/b", undefined],
    ["http://a/b c", 308],
    ["/relative", 302],
    ["http://a/", 200],
    ["http://a/", 304],
  ] as const) {
    sameFacts(`redirect to ${url} with ${status}`, ({ Response }) => Response.redirect(url, status));
  }
  same("redirect without a place", ({ Response }) => (Response.redirect as () => Response)());
  same("redirect to a path, which has no origin to stand on", ({ Response }) => Response.redirect("/path"));
  same("lengths", ({ Response }) => [Response.error.length, Response.json.length, Response.redirect.length]);
  same("error gives status 0, and headers that cannot change", ({ Response }) => {
    const { status, ok, type, statusText, body, headers } = Response.error();
    let name = "";
    try {
      headers.set("a", "1");
    } catch (error) {
      name = (error as Error).name;
    }
    return [status, ok, type, statusText, body, [...headers], name];
  });
  same("the headers of a redirect", ({ Response }) => Response.redirect("http://a/").headers.set("a", "1"));
});

describe("a body is used once, as the platform's", () => {
  const ways = ["text", "json", "arrayBuffer", "blob", "formData"] as const;
  for (const first of ways) {
    for (const second of ways) {
      same(`${first}, then ${second}`, async ({ Response }) => {
        const response = new Response("[1]");
        const errors: string[] = [];
        for (const way of [first, second]) await response[way]().catch((error) => errors.push(error.name));
        return [errors, response.bodyUsed];
      });
    }
    same(`${first} twice without a body`, async ({ Response }) => {
      const response = new Response();
      const errors: string[] = [];
      for (let i = 0; i < 2; i++) await response[first]().catch((error) => errors.push(error.name));
      return [errors, response.bodyUsed];
    });
    same(`${first} while a reader holds the stream`, async ({ Response }) => {
      const response = new Response("[1]");
      response.body!.getReader();
      return response[first]();
    });
    same(`${first} after the stream was read to its end`, async ({ Response }) => {
      const response = new Response("[1]");
      for await (const _ of response.body!);
      return response[first]();
    });
    same(`${first} of a body that breaks`, async ({ Response }) => {
      const broken = new ReadableStream({ pull: (controller) => controller.error(new RangeError("broken")) });
      return new Response(broken)[first]();
    });
  }
  same("the stream is the same each time, and looking at it is no use", ({ Response }) => {
    const response = new Response("x");
    const { body } = response;
    return [response.body === body, response.bodyUsed, response.body!.locked];
  });
  same("a mark of byte order is not text", ({ Response }) => new Response("\ufefftext").text());
  same("bytes that are no UTF-8 become replacement characters", ({ Response }) =>
    new Response(new Uint8Array([97, 255, 98])).text(),
  );
  same("json that is none", ({ Response }) => new Response("{").json());
  same("json after a mark of byte order", ({ Response }) => new Response("\ufeff[1]").json());
  same("a blob has the type of the response", async ({ Response }) => {
    const blob = await new Response("x", { headers: { "Content-Type": "text/X" } }).blob();
    return [blob.type, blob.size];
  });
  same("urlencoded text as a form", async ({ Response }) => {
    const response = new Response("a=1&b=%C3%A9+x", {
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
    });
    return [...(await response.formData())];
  });
  same("text that says nothing of its type as a form", ({ Response }) => new Response("a=1").formData());

  test("bytes() gives bytes, also where the platform has none yet", async () => {
    const bytes = await new LightResponse(BYTES).bytes();
    assert.deepEqual(bytes, BYTES);
    assert.equal(bytes.buffer.byteLength, BYTES.length);
  });
});

describe("a response is cloned as the platform's", () => {
  for (const [name, body] of BODIES) {
    same(`of ${name}`, async ({ Response }) => {
      const one = new Response(body() as BodyInit, {
        status: 200,
        statusText: "Fine",
        headers: [
          ["Set-Cookie", "a=1"],
          ["Set-Cookie", "b=2"],
        ],
      });
      const two = one.clone();
      two.headers.set("only", "two");
      return [await facts(one), await facts(two)];
    });
  }
  same("of a stream, whose pieces are or are not the other's", async ({ Response }) => {
    const piece = new Uint8Array(4);
    const original = new Response(new ReadableStream({ start: (controller) => controller.enqueue(piece) }));
    const [first, second] = [original, original.clone()].map(({ body }) => body!.getReader().read());
    return (await first)!.value!.buffer === (await second)!.value!.buffer;
  });
  same("of a body in use", async ({ Response }) => {
    const response = new Response("x");
    await response.text();
    return response.clone();
  });
  same("of a body that a reader holds", ({ Response }) => {
    const response = new Response("x");
    response.body!.getReader();
    return response.clone();
  });
  same("after its stream was looked at", async ({ Response }) => {
    const one = new Response("x");
    const before = one.body;
    const two = one.clone();
    return [before === one.body, await one.text(), await two.text()];
  });
});

describe("responses have the platform's face", () => {
  same("name, tag, length and members", ({ Response }) => [
    Response.name,
    Response.length,
    Object.prototype.toString.call(new Response()),
    Object.keys(new Response()),
    [
      "status",
      "statusText",
      "ok",
      "headers",
      "body",
      "bodyUsed",
      "type",
      "url",
      "redirected",
      "clone",
      "text",
      "json",
      "blob",
      "arrayBuffer",
      "formData",
    ].map((name) => Object.getOwnPropertyDescriptor(Response.prototype, name)?.enumerable),
    ["error", "json", "redirect"].map((name) => Object.getOwnPropertyDescriptor(Response, name)?.enumerable),
  ]);
  same("properties cannot be set", ({ Response }) => {
    (new Response() as { status: number }).status = 1;
  });
  same("a getter on another object", ({ Response }) => Reflect.get(Response.prototype, "status", {}));
  same("a method of another object", ({ Response }) => Response.prototype.text.call({} as Response));
  same("Response without new", ({ Response }) => (Response as unknown as () => void)());
  same("a subclass", async ({ Response }) => {
    class Page extends Response {
      constructor(title: string) {
        super(`<title>${title}</title>`, { headers: { "Content-Type": "text/html" } });
      }
    }
    const page = new Page("a");
    return [page instanceof Response, page instanceof Page, page.headers.get("content-type"), await page.text()];
  });

  test("light responses are the platform's, and the platform's are light ones, to instanceof", () => {
    assert.ok(new LightResponse() instanceof Response);
    assert.ok(new Response() instanceof LightResponse);
    assert.ok(!({} instanceof LightResponse));
  });

  test("they print as what they are, body unread", () => {
    const response = new LightResponse("x", { status: 201, headers: { a: "1" } });
    assert.match(inspect(response), /^Response \{\s+status: 201,/);
    assert.equal(response.bodyUsed, false);
  });

  // Before Node 22.10 nobody could say so, and a copy is an empty object.
  if ("markAsUncloneable" in threads) {
    test("structuredClone refuses them", () => {
      assert.throws(() => structuredClone(new LightResponse("x")), { name: "DataCloneError" });
    });
  }
});
