/** Programs that are run with the platform's classes and with ours, and must not be able to tell them apart. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LightHeaders } from "../../../src/gateway/fetch/headers.ts";
import { NativeHeaders, NativeRequest, NativeResponse } from "../../../src/gateway/fetch/platform.ts";
import { LightRequest, ServerRequest } from "../../../src/gateway/fetch/request.ts";
import { LightResponse } from "../../../src/gateway/fetch/response.ts";
import { toFetch } from "../../../src/gateway/to-fetch.ts";

export interface Classes {
  readonly Headers: typeof Headers;
  readonly Request: typeof Request;
  readonly Response: typeof Response;
  /** A request as an application gets it: the platform's own, or a server's. */
  received(init?: RequestInit & { duplex?: "half" }): Promise<Request>;
}

const URL_ = "http://a.example/path?query";

export const NATIVE: Classes = {
  Headers: NativeHeaders,
  Request: NativeRequest,
  Response: NativeResponse,
  received: async (init) => new NativeRequest(URL_, init),
};

export const LIGHT: Classes = {
  Headers: LightHeaders as unknown as typeof Headers,
  Request: LightRequest,
  Response: LightResponse as unknown as typeof Response,
  received: (init) =>
    new Promise((resolve) => {
      // The exchange stays open for as long as the test holds the request.
      void toFetch((exchange) => resolve(new ServerRequest(exchange)))(new NativeRequest(URL_, init)).catch(() => {});
    }),
};

/** What a program made of the classes: its result as plain data, or the kind of error it ended with. */
async function outcome(program: (classes: Classes) => unknown, classes: Classes): Promise<unknown> {
  try {
    return { result: await program(classes) };
  } catch (error) {
    return { thrown: (error as Error).name };
  }
}

/** A test that a program comes to the same result, or to the same kind of error, with both. */
export function same(name: string, program: (classes: Classes) => unknown): void {
  test(name, async () => {
    const expected = await outcome(program, NATIVE);
    assert.deepEqual(await outcome(program, LIGHT), expected);
    assert.ok(
      !("thrown" in (expected as object)) || !name.includes("gives"),
      "a program that gives something ends well",
    );
  });
}
