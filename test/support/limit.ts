/**
 * Names the test that waits for what never comes: loaded into each test file's process by scripts/test.js, because the
 * runner's own limit, up to Node 22, is the file's and does not say which of its tests it was.
 */
import { afterEach, beforeEach, type TestContext } from "node:test";
import { isMainThread } from "node:worker_threads";

/** Milliseconds. */
const LIMIT = 110_000;

const running = new Map<string, NodeJS.Timeout>();

function begin({ fullName }: TestContext): void {
  const giveUp = () => {
    console.error(`The test "${fullName}" is still waiting after ${LIMIT / 1000} s`);
    process.exit(1);
  };
  running.set(fullName, setTimeout(giveUp, LIMIT).unref());
}

// What a test starts may be given the same options, and is no test.
if (isMainThread && process.argv[1]?.endsWith(".test.ts")) {
  beforeEach((test) => begin(test as TestContext));
  afterEach((test) => clearTimeout(running.get((test as TestContext).fullName)));
}
