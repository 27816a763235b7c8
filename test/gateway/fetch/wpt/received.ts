/** A global Request that gives requests as an application receives them, made from what the platform's own would be. */
import type { BodySource, Exchange } from "../../../../src/gateway/contract.ts";
import { LightRequest, ServerRequest } from "../../../../src/gateway/fetch/request.ts";
import { FieldLines } from "../../../../src/http/field-lines.ts";
import { RequestHead } from "../../../../src/http/request-head.ts";

export function installReceived(): void {
  globalThis.Request = new Proxy(LightRequest, {
    construct(target, args: ConstructorParameters<typeof Request>, newTarget) {
      const request = Reflect.construct(target, args, newTarget) as Request;
      return request.url.startsWith("http:") ? new ServerRequest(exchangeOf(request)) : request;
    },
  });
}

/** What a server would have made of the request, as far as a ServerRequest looks at it. */
function exchangeOf(request: Request): Exchange {
  const { method, url, headers, signal } = request;
  const { host, pathname, search } = new URL(url);
  let text = "";
  const spans: number[] = [];
  for (const [name, value] of headers.has("host") ? headers : [["host", host], ...headers]) {
    const start = text.length;
    text += `${name}: ${value}\r\n`;
    spans.push(start, start + name!.length, start + name!.length + 2, text.length - 2);
  }
  const head = new RequestHead(method, pathname + search, 1, new FieldLines(text, spans));
  return { head, signal, body: bodyOf(request), connection: { encrypted: false } } as unknown as Exchange;
}

function bodyOf({ body }: Request): Pick<BodySource, "length" | "read" | "discard"> {
  const reader = body?.getReader();
  return {
    length: body === null ? 0 : null,
    read: async () => (await reader!.read()).value ?? null,
    discard: () => void reader?.cancel(),
  };
}
