import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { type TestContext, test } from "node:test";
import { Deadlines, Expiring, TICK } from "../../src/net/deadlines.ts";

class Entry extends Expiring {
  readonly #name: string;
  readonly #log: string[];
  readonly #then: () => void;

  constructor(name: string, log: string[], then: () => void = () => {}) {
    super();
    this.#name = name;
    this.#log = log;
    this.#then = then;
  }

  override expire(): void {
    this.#log.push(this.#name);
    this.#then();
  }
}

/** Deadlines whose clock the test turns. */
function mocked(t: TestContext): { deadlines: Deadlines; log: string[]; pass: (milliseconds: number) => void } {
  t.mock.timers.enable({ apis: ["setInterval"] });
  return { deadlines: new Deadlines(), log: [], pass: (milliseconds) => t.mock.timers.tick(milliseconds) };
}

test("a deadline is not early, and late by at most two ticks", (t) => {
  for (const duration of [0, 1, TICK - 1, TICK, TICK + 1, 10 * TICK, 10 * TICK + 1]) {
    const { deadlines, log, pass } = mocked(t);
    // Set in the middle between two ticks of a clock that runs for another.
    deadlines.set(new Entry("other", log), 1_000_000);
    pass(TICK / 2);
    deadlines.set(new Entry("entry", log), duration);
    pass(duration);
    if (duration > 0) assert.deepEqual(log, [], `${duration} ms: not before its time`);
    pass(2 * TICK);
    assert.deepEqual(log, ["entry"], `${duration} ms: two ticks after its time`);
    t.mock.timers.reset();
  }
});

test("entries of one duration expire in the order they were set, each once", (t) => {
  const { deadlines, log, pass } = mocked(t);
  for (const name of ["a", "b", "c", "d"]) deadlines.set(new Entry(name, log), TICK);
  pass(10 * TICK);
  assert.deepEqual(log, ["a", "b", "c", "d"]);
});

test("a shorter duration expires before a longer one, whichever was set first", (t) => {
  const { deadlines, log, pass } = mocked(t);
  deadlines.set(new Entry("long", log), 3 * TICK);
  deadlines.set(new Entry("short", log), TICK);
  pass(3 * TICK);
  assert.deepEqual(log, ["short"]);
  pass(2 * TICK);
  assert.deepEqual(log, ["short", "long"]);
});

test("a deadline that is set again moves behind those set meanwhile, and later in time", (t) => {
  const { deadlines, log, pass } = mocked(t);
  const [a, b, c] = [new Entry("a", log), new Entry("b", log), new Entry("c", log)];
  for (const entry of [a, b, c]) deadlines.set(entry, 4 * TICK);
  deadlines.set(a, 4 * TICK);
  pass(4 * TICK);
  deadlines.set(c, 4 * TICK);
  pass(2 * TICK);
  assert.deepEqual(log, ["b", "a"]);
  pass(4 * TICK);
  assert.deepEqual(log, ["b", "a", "c"]);
});

test("a deadline moves to another duration", (t) => {
  const { deadlines, log, pass } = mocked(t);
  const [later, sooner] = [new Entry("later", log), new Entry("sooner", log)];
  deadlines.set(later, TICK);
  deadlines.set(sooner, 9 * TICK);
  deadlines.set(later, 9 * TICK);
  deadlines.set(sooner, TICK);
  pass(3 * TICK);
  assert.deepEqual(log, ["sooner"]);
  pass(9 * TICK);
  assert.deepEqual(log, ["sooner", "later"]);
});

test("a cleared deadline does not expire, wherever it stands in line", (t) => {
  const { deadlines, log, pass } = mocked(t);
  const entries = ["first", "kept", "middle", "also kept", "last"].map((name) => new Entry(name, log));
  for (const entry of entries) deadlines.set(entry, TICK);
  for (const at of [0, 2, 4]) deadlines.clear(entries[at]!);
  deadlines.clear(entries[4]!);
  deadlines.clear(new Entry("never set", log));
  pass(4 * TICK);
  assert.deepEqual(log, ["kept", "also kept"]);
});

test("an expiring entry may set itself again, and others", (t) => {
  const { deadlines, log, pass } = mocked(t);
  const other = new Entry("other", log);
  const again: Entry = new Entry("again", log, () => {
    if (log.length < 3) deadlines.set(again, 0);
    else deadlines.set(other, TICK);
  });
  deadlines.set(again, 0);
  pass(10 * TICK);
  assert.deepEqual(log, ["again", "again", "again", "other"]);
});

test("an expiring entry may clear one that expires at the same time", (t) => {
  const { deadlines, log, pass } = mocked(t);
  const victim = new Entry("victim", log);
  deadlines.set(new Entry("killer", log, () => deadlines.clear(victim)), TICK);
  deadlines.set(victim, TICK);
  deadlines.set(new Entry("after", log), TICK);
  pass(4 * TICK);
  assert.deepEqual(log, ["killer", "after"]);
});

test("the clock starts again after it stood still for want of deadlines", (t) => {
  const { deadlines, log, pass } = mocked(t);
  for (const name of ["first", "second", "third"]) {
    deadlines.set(new Entry(name, log), TICK);
    pass(100 * TICK);
  }
  assert.deepEqual(log, ["first", "second", "third"]);
});

test("time in which the process was blocked is not held against a deadline that was set in it", async (t) => {
  const deadlines = new Deadlines();
  const log: string[] = [];
  // The clock does not keep the process alive, and nothing else would.
  const alive = setInterval(() => {}, 60_000);
  t.after(() => clearInterval(alive));
  deadlines.set(new Entry("clock runs", log), 10 * TICK);
  await new Promise(setImmediate);
  const end = performance.now() + 5 * TICK;
  while (performance.now() < end);
  await new Promise<void>((resolve) => {
    const entry = new Entry("deadline", log, resolve);
    deadlines.set(entry, 2 * TICK);
    setTimeout(() => log.push("earlier timer"), TICK);
  });
  assert.deepEqual(log, ["earlier timer", "deadline"]);
});

test("a deadline alone does not keep the process alive", () => {
  const url = new URL("../../src/net/deadlines.ts", import.meta.url).href;
  const script = `
    const { Deadlines, Expiring } = await import(${JSON.stringify(url)});
    class Entry extends Expiring { expire() {} }
    new Deadlines().set(new Entry(), 3_600_000);
    console.log("set");`;
  const args = [
    ...process.execArgv.filter((arg) => !arg.startsWith("--test")),
    "--input-type=module",
    "--eval",
    script,
  ];
  const child = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 60_000 });
  assert.equal(child.stdout, "set\n");
  assert.equal(child.status, 0, child.stderr);
});
