/** What a parser's `next()` says: the same steps for requests and for responses. */
export const STEP = {
  /** Nothing more without more bytes. */
  NEED: 0,
  /** A message's head is in `head`, and what follows from it in the parser's other fields. */
  HEAD: 1,
  /** A piece of the body lies in `bytes` from `start` to `stop`, to be copied or used up before the next `push`. */
  BODY: 2,
  /** The message is complete; its trailer section is in `trailers`. */
  END: 3,
  /** The message is complete, and the next one waits for `startNextCycle()`. */
  PAUSED: 4,
  /** The peer broke the protocol; `fault` says how, and nothing after it can be read. */
  FAULT: 5,
  /** The peer ended the connection between two messages. */
  EOF: 6,
} as const;
export type Step = (typeof STEP)[keyof typeof STEP];
