/** The two ends of the channel in one process: what goes through is copied, as between two. */

import { answerThrough } from "../../src/dev/application.ts";
import type { Channel, FromApplication, ToApplication } from "../../src/dev/messages.ts";
import { Relay } from "../../src/dev/relay.ts";
import type { Handler } from "../../src/gateway/contract.ts";
import { encodeFields } from "../../src/http1/field-encoder.ts";
import { statusLine } from "../../src/http1/response-encoder.ts";

export function channelPair<There, Back>(): [Channel<There, Back>, Channel<Back, There>] {
  const listeners: [((message: There) => void)[], ((message: Back) => void)[]] = [[], []];
  return [
    {
      send: (message) => later(message, listeners[0]),
      receive: (listener) => void listeners[1].push(listener),
    },
    {
      send: (message) => later(message, listeners[1]),
      receive: (listener) => void listeners[0].push(listener),
    },
  ];
}

function later<Message>(message: Message, listeners: readonly ((message: Message) => void)[]): void {
  const copy = structuredClone(message);
  setImmediate(() => {
    for (const listener of listeners) listener(copy);
  });
}

/** The handler as if it were in another process. */
export function relayed(handler: Handler): Relay {
  const [front, back] = channelPair<ToApplication, FromApplication>();
  answerThrough(back, handler, (status, fields, reason) => {
    encodeFields(fields);
    statusLine(status, reason);
  });
  return new Relay(front);
}
