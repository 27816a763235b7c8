/** The supervisor's arithmetic, over workers that are made up: what happens while something else is happening. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import type { Spawn, WorkerEvents } from "../../src/run/messages.ts";
import { Supervisor } from "../../src/run/supervisor.ts";

interface Made {
  readonly name: string;
  readonly events: WorkerEvents;
  isEnded: boolean;
}

/** Workers that start, drain and stop within some turns of the event loop. */
class Crew {
  readonly made: Made[] = [];
  /** How many of the next ones cannot start. */
  failing = 0;
  /** Whether new ones stay as they are, until `admit` is called. */
  isHeld = false;

  readonly spawn: Spawn = async (events) => {
    const made: Made = { name: `worker ${this.made.length + 1}`, events, isEnded: false };
    this.made.push(made);
    const fails = this.failing > 0;
    if (fails) this.failing--;
    if (!this.isHeld) setImmediate(() => (fails ? this.end(made, "exit code 1") : this.admit(made)));
    return {
      name: made.name,
      send: ({ kind }) => {
        if (kind === "drain") setImmediate(() => this.end(made, "exit code 0", 3));
        if (kind === "stop") setImmediate(() => this.end(made, "exit code 0"));
      },
      kill: () => this.end(made, "SIGKILL"),
    };
  };

  admit({ events, isEnded }: Made): void {
    if (!isEnded) events.message({ kind: "ready" });
  }

  end(made: Made, how: string, finished?: number): void {
    if (made.isEnded) return;
    made.isEnded = true;
    if (finished !== undefined) made.events.message({ kind: "drained", finished, dropped: 0 });
    made.events.ended(how);
  }

  get alive(): Made[] {
    return this.made.filter(({ isEnded }) => !isEnded);
  }
}

async function turns(count = 12): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

function make(t: TestContext, workers: number, workerTimeout = 30_000) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const crew = new Crew();
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const supervisor = new Supervisor({ spawn: crew.spawn, workers, workerTimeout, grace: 30_000, say });
  return { crew, supervisor, said };
}

async function start(t: TestContext, workers: number) {
  const made = make(t, workers);
  await made.supervisor.start();
  return made;
}

test("of many workers, some start at a time, and in the end there are all of them", async (t) => {
  const { crew, supervisor } = make(t, 100);
  const started = supervisor.start();
  let most = 0;
  while (supervisor.ready < 100) {
    most = Math.max(most, supervisor.members.filter(({ state }) => state === "starting").length);
    await turns(1);
  }
  await started;
  assert.equal(most, 16);
  assert.equal(crew.made.length, 100);
});

test("a worker that dies during a reload is replaced once", async (t) => {
  const { crew, supervisor, said } = await start(t, 2);
  crew.isHeld = true;
  const reloaded = supervisor.reload();
  await turns();
  assert.equal(crew.made.length, 3);
  crew.end(crew.made[0]!, "SIGKILL");
  await turns();
  crew.isHeld = false;
  for (const made of crew.alive.slice(1)) crew.admit(made);
  await reloaded;
  await turns();
  assert.deepEqual([supervisor.ready, crew.alive.length], [2, 2]);
  assert.ok(crew.made.slice(0, 2).every(({ isEnded }) => isEnded));
  assert.match(said.at(-1)!, /^reloaded 2 workers, drained 3 requests, dropped 0$/);
});

test("a reload that is asked for during another begins after it, and of several there is one", async (t) => {
  const { crew, supervisor, said } = await start(t, 2);
  await Promise.all([supervisor.reload(), supervisor.reload(), supervisor.reload()]);
  assert.equal(said.filter((line) => line.startsWith("reloaded 2 workers")).length, 2);
  assert.equal(crew.made.length, 6);
  assert.equal(crew.alive.length, 2);
});

test("a worker that was starting when a reload began does not keep the old code", async (t) => {
  const { crew, supervisor } = await start(t, 1);
  crew.isHeld = true;
  supervisor.add();
  await turns();
  const starting = crew.made[1]!;
  const reloaded = supervisor.reload();
  await turns();
  crew.isHeld = false;
  crew.admit(starting);
  await reloaded;
  assert.ok(starting.isEnded);
  assert.deepEqual([supervisor.ready, crew.alive.length], [2, 2]);
});

test("a reload that fails leaves nobody missing who died meanwhile", async (t) => {
  const { crew, supervisor, said } = await start(t, 2);
  crew.isHeld = true;
  const reloaded = supervisor.reload();
  await turns();
  const [dying, , fresh] = crew.made;
  crew.end(dying!, "SIGKILL");
  crew.isHeld = false;
  crew.end(fresh!, "exit code 1");
  await reloaded;
  await turns();
  assert.match(said.join("\n"), /reload failed, 1 of 2 workers were replaced: a worker ended before it was ready/);
  assert.equal(supervisor.ready, 2);
});

test("workers that die as soon as they are ready are not replaced without a pause", async (t) => {
  const { crew, supervisor } = await start(t, 1);
  for (let deaths = 0; deaths < 3; deaths++) {
    crew.end(crew.alive[0]!, "exit code 3");
    await turns();
    if (crew.alive.length === 0) break;
  }
  assert.equal(crew.made.length, 2, "the first is replaced at once");
  t.mock.timers.tick(200);
  await turns();
  assert.equal(supervisor.ready, 1);
  crew.alive[0]!.events.message({ kind: "beat", connections: 0 });
  crew.end(crew.alive[0]!, "exit code 3");
  await turns();
  assert.equal(supervisor.ready, 1, "one that has lived is replaced at once");
});

test("a worker that cannot even be started is as one that ends before it is ready", async () => {
  const said: string[] = [];
  const spawn: Spawn = () => Promise.reject(new Error("fork EAGAIN"));
  const say = (line: string) => void said.push(line);
  const supervisor = new Supervisor({ spawn, workers: 2, workerTimeout: 0, grace: 0, say });
  await assert.rejects(supervisor.start(), /fork EAGAIN/);
  assert.deepEqual(supervisor.members, []);
  await supervisor.stop();
});

test("what never becomes ready is ended and said to be late, at the start and in a reload", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const { crew, supervisor, said } = make(t, 2, 1000);
  const halfAMinute = async () => {
    for (let looks = 0; looks < 135; looks++) {
      now += 250;
      for (const made of crew.alive.slice(0, 2)) made.events.message({ kind: "beat", connections: 0 });
      t.mock.timers.tick(250);
    }
    await turns();
  };
  await supervisor.start();
  crew.isHeld = true;
  const reloaded = supervisor.reload();
  await turns();
  await halfAMinute();
  await reloaded;
  assert.match(said[0]!, /^reload failed, the old workers stay: a worker was not ready within 33\.0 s/);

  const other = new Supervisor({ spawn: crew.spawn, workers: 2, workerTimeout: 1000, grace: 0, say: () => {} });
  const started = assert.rejects(other.start(), /^Error: a worker was not ready within 33\.0 s \(--worker-timeout\)$/);
  await turns();
  await halfAMinute();
  await started;
});

test("time that the supervisor was stopped or suspended for is nobody's silence", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const { crew, supervisor, said } = await start(t, 1);
  now += 3_600_000;
  t.mock.timers.tick(250);
  await turns();
  assert.deepEqual(said, []);
  for (let looks = 0; looks < 140; looks++) {
    now += 250;
    t.mock.timers.tick(250);
  }
  await turns();
  assert.match(said[0]!, /^worker worker 1 has been silent for 3\d\.\d s, and is killed$/);
  assert.equal(crew.made.length, 2);
  assert.equal(supervisor.ready, 1);
});

type Event = "add" | "remove" | "reload" | "die" | "retire" | "fail";

test("whatever happens, in the end there are as many workers as wanted, and every asked-for reload has reached all", async (t) => {
  const events = fc.array(
    fc.record({
      event: fc.constantFrom<Event>("add", "remove", "reload", "die", "retire", "fail"),
      which: fc.nat({ max: 5 }),
      pause: fc.nat({ max: 3 }),
    }),
    { maxLength: 25 },
  );
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), events, async (workers, events) => {
      const crew = new Crew();
      const options = { spawn: crew.spawn, workerTimeout: 0, grace: 30_000, say: () => {} };
      const supervisor = new Supervisor({ ...options, workers });
      await supervisor.start();
      let wanted = workers;
      let hasGivenUp = false;
      void supervisor.ended.then(() => {
        hasGivenUp = true;
      });
      for (const { event, which, pause } of events) {
        const worker = crew.alive[which];
        if (event === "add") wanted++;
        if (event === "remove") wanted = Math.max(1, wanted - 1);
        if (event === "add") supervisor.add();
        if (event === "remove") supervisor.remove();
        if (event === "reload") void supervisor.reload();
        if (event === "fail") crew.failing++;
        if (event === "die" && worker !== undefined) crew.end(worker, "SIGKILL");
        if (event === "retire" && worker !== undefined) worker.events.message({ kind: "retire", reason: "age" });
        await turns(pause);
      }
      crew.failing = 0;
      // Longer than any back-off, again and again.
      for (let round = 0; round < 20; round++) {
        t.mock.timers.tick(31_000);
        await turns();
      }
      if (hasGivenUp) return;
      assert.deepEqual([supervisor.ready, crew.alive.length], [wanted, wanted]);
      const before = crew.made.length;
      const reloaded = supervisor.reload();
      await turns(100);
      await reloaded;
      assert.ok(crew.made.slice(0, before).every(({ isEnded }) => isEnded));
      assert.equal(supervisor.ready, wanted);
      await supervisor.stop();
    }),
    { numRuns: 200 },
  );
});
