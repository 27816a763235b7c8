import { setTimeout } from "node:timers/promises";

/** A hundred lines, in pieces that come one after the other. */
export async function* lines() {
  for (let number = 1; number <= 100; number++) {
    yield `line ${number}\n`;
    if (number % 25 === 0) await setTimeout(1);
  }
}
