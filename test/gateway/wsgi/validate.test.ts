/** The validator: silent about what keeps to the interface, and precise about what does not. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {
  Environ,
  StartResponse,
  WsgiApplication,
  WsgiInput,
  WsgiResult,
} from "../../../src/gateway/wsgi/interface.ts";
import { validate } from "../../../src/gateway/wsgi/validate.ts";
import { ok, PLAIN, serve } from "./support.ts";

/** What the server gives; a test spoils a part of it. */
function environ(change: Partial<Record<string, unknown>> = {}): Environ {
  const input: WsgiInput = {
    read: async () => new Uint8Array(1),
    readline: async () => new Uint8Array(1),
    readlines: async () => [],
    async *[Symbol.asyncIterator]() {},
  };
  return {
    REQUEST_METHOD: "GET",
    SCRIPT_NAME: "",
    PATH_INFO: "/",
    SERVER_NAME: "a",
    SERVER_PORT: "80",
    SERVER_PROTOCOL: "HTTP/1.1",
    "wsgi.version": [1, 0],
    "wsgi.url_scheme": "http",
    "wsgi.input": input,
    "wsgi.errors": { write() {}, writelines() {}, flush() {} },
    "wsgi.multithread": false,
    "wsgi.multiprocess": false,
    "wsgi.run_once": false,
    ...change,
  } as unknown as Environ;
}

const start: StartResponse = () => async () => {};
const fine: WsgiApplication = (_, startResponse) => {
  ok(startResponse);
  return ["x"];
};

/** Runs an application as a server would, to the end. */
async function run(application: WsgiApplication, given = environ(), startResponse = start): Promise<void> {
  const result = await validate(application)(given, startResponse);
  for await (const _ of result as AsyncIterable<unknown>);
  await result.close?.();
}

test("an application that keeps to the interface is served as it would be without", async (t) => {
  const { client, errors, reports } = await serve(
    t,
    validate(async (environ, startResponse) => {
      const lines = await environ["wsgi.input"].readlines();
      environ["wsgi.errors"].writelines(["a", "b"]);
      environ["wsgi.errors"].flush();
      const write = startResponse("200 OK", PLAIN);
      if (environ.PATH_INFO === "/list") return lines;
      await write("written ");
      return (async function* () {
        yield* lines;
      })();
    }),
  );
  for (const [path, text] of [
    ["/list", "one"],
    ["/stream", "written one"],
  ]) {
    await client.send(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none`);
    assert.equal((await client.response()).text, text);
  }
  assert.equal(errors(), "abab");
  assert.deepEqual(reports, []);
});

test("Portico's own side keeps to it, whatever is asked of it", async (t) => {
  const { client, reports } = await serve(
    t,
    validate((environ, startResponse) => {
      startResponse(environ.PATH_INFO === "/204" ? "204 None" : "200 OK", environ.PATH_INFO === "/204" ? [] : PLAIN);
      return new Set(["a", "b"]);
    }),
  );
  for (const target of ["/", "/204", "*", "http://a/b%20c?d"]) {
    await client.send(`OPTIONS ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.equal((await client.response()).status, target === "/204" ? 204 : 200);
  }
  await client.send("HEAD / HTTP/1.0\r\nTransfer_Encoding: x\r\n\r\n");
  assert.equal((await client.response("HEAD")).status, 200);
  assert.deepEqual(reports, []);
});

describe("a breach is told", () => {
  const breaches: Record<string, [application: WsgiApplication, message: string]> = {
    "startResponse with one argument": [
      (_, startResponse) => {
        (startResponse as unknown as (status: string) => void)("200 OK");
        return [];
      },
      "startResponse was called with 1 arguments",
    ],
    "a status that is none": [
      (_, startResponse) => {
        startResponse("OK", PLAIN);
        return [];
      },
      'startResponse: the status "OK" is not of the form "200 OK"',
    ],
    "a header called Status": [
      (_, startResponse) => {
        startResponse("200 OK", [...PLAIN, ["Status", "200"]]);
        return [];
      },
      "startResponse: the status is no header (in CGI it is)",
    ],
    "white space at the end of a value": [
      (_, startResponse) => {
        startResponse("200 OK", [["Content-Type", "text/plain "]]);
        return [];
      },
      "startResponse: the value of Content-Type begins or ends with white space",
    ],
    "two types": [
      (_, startResponse) => {
        startResponse("200 OK", [...PLAIN, ...PLAIN]);
        return [];
      },
      "startResponse: content-type is given twice",
    ],
    "no type": [
      (_, startResponse) => {
        startResponse("200 OK", []);
        return [];
      },
      "startResponse: there is no Content-Type",
    ],
    "a type of nothing": [
      (_, startResponse) => {
        startResponse("304 Same", PLAIN);
        return [];
      },
      "startResponse: a response of status 304 Same has no body, and so no Content-Type",
    ],
    "a second start": [
      (_, startResponse) => {
        ok(startResponse);
        ok(startResponse);
        return [];
      },
      "startResponse was called twice, without excInfo",
    ],
    "an excInfo that is no error": [
      (_, startResponse) => {
        startResponse("500 Oops", PLAIN, "oops");
        return [];
      },
      'startResponse: excInfo is "oops", not an error',
    ],
    "write() of a number": [
      (_, startResponse) => {
        void ok(startResponse)(1 as unknown as string);
        return [];
      },
      "a piece of the body is a string or bytes, not 1",
    ],
    "write() from within the pieces": [
      function* (_: unknown, startResponse: StartResponse) {
        const write = ok(startResponse);
        yield "a";
        void write("b");
      },
      "write() was called when the pieces that were returned had begun to be sent",
    ],
    "a list without a start": [() => [], "a piece of the body, or its end, came before startResponse was called"],
    "an end without a start": [
      () => new Set<string>(),
      "a piece of the body, or its end, came before startResponse was called",
    ],
    "a piece without a start": [
      async function* () {
        yield "a";
      } as unknown as WsgiApplication,
      "a piece of the body, or its end, came before startResponse was called",
    ],
    "a string for a result": [
      (_, startResponse) => {
        ok(startResponse);
        return "text";
      },
      "the application returned the body itself: it is wanted in pieces, if only one: [body]",
    ],
    "a piece that is none": [
      async (_, startResponse) => {
        ok(startResponse);
        return new Set([null]) as unknown as WsgiResult;
      },
      "a piece of the body is a string or bytes, not null",
    ],
    "reading a negative number": [
      async (environ, startResponse) => {
        await environ["wsgi.input"].read(-1);
        return fine(environ, startResponse);
      },
      "wsgi.input.read: the number of bytes is -1",
    ],
    "bytes for the log": [
      (environ, startResponse) => {
        environ["wsgi.errors"].write(Buffer.from("x") as unknown as string);
        return fine(environ, startResponse);
      },
      "wsgi.errors takes text, not [object Uint8Array]",
    ],
  };
  for (const [name, [application, message]] of Object.entries(breaches)) {
    test(`by an application: ${name}`, async () => {
      await assert.rejects(run(application), { name: "TypeError", message: `wsgi: ${message}` });
    });
  }

  const environs: Record<string, [change: Record<string, unknown>, message: string]> = {
    "no method": [{ REQUEST_METHOD: undefined }, "environ.REQUEST_METHOD is undefined"],
    "a method that is none": [{ REQUEST_METHOD: "G T" }, 'REQUEST_METHOD is "G T"'],
    "a number for a variable": [{ REMOTE_PORT: 80 }, "environ.REMOTE_PORT is 80, not a string"],
    "a type by another name": [
      { HTTP_CONTENT_TYPE: "a/b" },
      "environ has HTTP_CONTENT_TYPE: it is called CONTENT_TYPE",
    ],
    "a mount that ends in a slash": [{ SCRIPT_NAME: "/app/" }, 'SCRIPT_NAME is "/app/": empty, or /a/path'],
    "a path from nowhere": [{ PATH_INFO: "a" }, 'PATH_INFO is "a": it begins with a slash'],
    "no path at all": [{ PATH_INFO: "" }, "of SCRIPT_NAME and PATH_INFO, one has to be there"],
    "a length that is none": [{ CONTENT_LENGTH: "1e3" }, 'CONTENT_LENGTH is "1e3"'],
    "a version that is none": [{ "wsgi.version": "1.0" }, 'wsgi.version is "1.0", not [1, 0]'],
    "a scheme that is none": [{ "wsgi.url_scheme": "ftp" }, 'wsgi.url_scheme is "ftp"'],
    "a flag that is none": [{ "wsgi.run_once": 0 }, "wsgi.run_once is 0, not a boolean"],
    "no input": [{ "wsgi.input": undefined }, "wsgi.input has no read()"],
    "no log": [{ "wsgi.errors": {} }, "wsgi.errors has no write()"],
  };
  for (const [name, [change, message]] of Object.entries(environs)) {
    test(`by a server or middleware: ${name}`, async () => {
      await assert.rejects(run(fine, environ(change)), { name: "TypeError", message: `wsgi: ${message}` });
    });
  }

  test("by a server or middleware: what startResponse and write() return", async () => {
    await assert.rejects(run(fine, environ(), (() => undefined) as unknown as StartResponse), {
      message: "wsgi: the server's startResponse returned undefined, not write()",
    });
    const writing: WsgiApplication = (_, startResponse) => {
      void ok(startResponse)("x");
      return [];
    };
    await assert.rejects(run(writing, environ(), (() => () => undefined) as unknown as StartResponse), {
      message: "wsgi: the server's write() returned no promise",
    });
  });

  test("by a server or middleware: more bytes than were asked for", async () => {
    const given = environ();
    given["wsgi.input"].read = async () => new Uint8Array(9);
    const reading: WsgiApplication = async (environ, startResponse) => {
      await environ["wsgi.input"].read(5);
      return fine(environ, startResponse);
    };
    await assert.rejects(run(reading, given), { message: "wsgi: the server's wsgi.input gave more than 5 bytes" });
  });

  test("by a server or middleware: a second iteration, a piece after close(), a second close()", async () => {
    const pieces = (_: Environ, startResponse: StartResponse) => {
      ok(startResponse);
      return new Set(["a", "b"]);
    };
    const result = validate(pieces)(environ(), start) as Iterable<string> & { close(): void };
    const iterator = result[Symbol.iterator]();
    assert.throws(() => result[Symbol.iterator](), /^TypeError: wsgi: the server iterates a second time$/);
    iterator.next();
    result.close();
    assert.throws(() => iterator.next(), /^TypeError: wsgi: the server asks for a piece after close\(\)$/);
    assert.throws(() => result.close(), /^TypeError: wsgi: close\(\) was called twice$/);
  });
});
