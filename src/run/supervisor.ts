/**
 * Keeps workers alive: as many as it was told, each replaced when it dies, all of them replaced one by one on a reload.
 * A new worker has to be ready before an old one drains, so that somebody accepts at every moment.
 */
import { BEAT, type FromWorker, type Spawn, startTimeout, type Worker } from "./messages.ts";

export interface SupervisorOptions {
  readonly spawn: Spawn;
  readonly workers: number;
  /** Milliseconds for which a worker may be silent; 0 for any time. While it starts, `startTimeout` says how long. */
  readonly workerTimeout: number;
  /** Milliseconds that a worker may take to drain. */
  readonly grace: number;
  /** Takes each line there is to say. */
  readonly say: (line: string) => void;
  /** Takes what workers have found, each line once for all of them. */
  readonly note?: (line: string) => void;
  /** Told what a worker has left behind. */
  readonly farewell?: (name: string, content: unknown) => void;
}

/** A worker, as others may know it. */
export interface MemberView {
  readonly name: string;
  readonly state: State;
  /** When it was started: milliseconds since the epoch. */
  readonly since: number;
  /** As it said last. */
  readonly connections: number;
}

/** What a worker said when it was asked. */
export interface Report {
  readonly name: string;
  readonly content: unknown;
}

/** Milliseconds before a worker that could not start is tried again: doubled each time, up to the second. */
const BACK_OFF = [100, 30_000] as const;
/** Starts that may fail in a row with no worker left, before it is given up. */
const MAX_FAILURES = 5;
/** Workers that start at a time: of hundreds at once, none would be ready in time. */
const MOST_STARTING = 16;
/** Milliseconds within which a worker dies that is not replaced at once the next time: it has not even begun. */
const SHORT_LIFE = 1000;
/** Milliseconds that a worker may take beyond its grace, or its own watchdog beyond the timeout, before it is killed. */
const MARGIN = 3000;

/** Milliseconds between two looks for workers that are silent. */
const LOOK = 250;
/** Milliseconds that count between two looks: in the rest, this process was stopped or suspended, and its workers with it. */
const MOST_AWAKE = 4 * LOOK;

/** Milliseconds that a worker may take to end at once. */
const QUICK = 500;

/** Milliseconds that a worker may take to answer a question: one that is blocked does not. */
const ANSWER = 1000;

/** How much more than its share of the connections a worker may have. */
const SLACK = 0.2;

type State = "starting" | "ready" | "draining" | "ended";

class Member {
  worker: Worker | null = null;
  state: State = "starting";
  readonly since = Date.now();
  /** Milliseconds since it was last heard. */
  silence = 0;
  /** Whether it has asked to be replaced. */
  isRetiring = false;
  /** As `performance.now()` has it. */
  readySince = 0;
  connections = 0;
  finished = 0;
  dropped = 0;
  /** Why it could not start, in its own words. */
  line = "";
  /** What it has found, as far as that was said. */
  readonly notices = new Set<string>();
  readonly ready = new Gate();
  readonly ended = new Gate();
}

/** A promise that somebody else settles. */
class Gate {
  readonly promise: Promise<void>;
  open!: () => void;
  refuse!: (error: Error) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.open = resolve;
      this.refuse = reject;
    });
    this.promise.catch(() => {});
  }
}

export class Supervisor {
  /** Resolves with the exit code when all workers have ended: 0 after `stop`, 3 when none would start any more. */
  readonly ended: Promise<number>;

  readonly #options: SupervisorOptions;
  readonly #members = new Set<Member>();
  #wanted: number;
  #stopping = false;
  #reloading: Promise<void> | null = null;
  /** The reload that begins when this one is over. */
  #nextReload: Promise<void> | null = null;
  #end!: (exitCode: number) => void;
  #watch: NodeJS.Timeout | null = null;
  /** When it was last looked for silent workers. */
  #looked = 0;
  /** How many workers will be started again when their back-off has passed. */
  #backingOff = 0;
  /** How many workers in a row have died as soon as they were ready. */
  #shortLives = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#wanted = options.workers;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** How many workers have ended: by dying, by being let go, or by failing to start. */
  readonly ends = { died: 0, drained: 0, failed: 0 };

  readonly #questions = new Map<
    number,
    { readonly member: Member; readonly settle: (report: Report | null) => void }
  >();
  #asked = 0;

  /** Whether connections are taken, and will be. */
  get isTaking(): boolean {
    return !this.#stopping && this.ready > 0;
  }

  get members(): MemberView[] {
    return [...this.#members].map(({ worker, state, since, connections }) => {
      return { name: worker?.name ?? "", state, since, connections };
    });
  }

  /** Asks all workers for the same; who is blocked, or ends meanwhile, gives no answer. */
  async ask(what: string): Promise<Report[]> {
    const those = [...this.#members].filter(({ state }) => state === "ready" || state === "draining");
    const answers = those.map((member) => this.#askOne(member, what));
    return (await Promise.all(answers)).filter((report) => report !== null);
  }

  #askOne(member: Member, what: string): Promise<Report | null> {
    const number = this.#asked++;
    return new Promise((resolve) => {
      const settle = (report: Report | null) => {
        clearTimeout(late);
        this.#questions.delete(number);
        resolve(report);
      };
      const late = setTimeout(() => settle(null), ANSWER);
      this.#questions.set(number, { member, settle });
      member.worker?.send({ kind: "ask", what, number });
    });
  }

  /** How many workers are ready. */
  get ready(): number {
    return this.#ready().length;
  }

  /**
   * Starts the workers; one first, so that what keeps it from starting is said once. Resolves when each is ready, or has
   * failed once; never, when it is told to stop before.
   * @throws {Error} (rejects) with a line for the user when that one does not become ready. None is left then.
   */
  async start(): Promise<void> {
    this.#looked = performance.now();
    this.#watch = setInterval(() => this.#look(), LOOK);
    try {
      await this.#spawn();
      this.#fill();
      await this.#started();
    } catch (error) {
      if (!this.#stopping) throw error;
    }
    if (this.#stopping) await new Promise(() => {});
  }

  /** Resolves when no worker is starting. */
  async #started(): Promise<void> {
    for (let starting = this.#starting(); starting.length > 0; starting = this.#starting()) {
      await Promise.allSettled(starting.map(({ ready }) => ready.promise));
    }
  }

  #starting(): Member[] {
    return [...this.#members].filter(({ state }) => state === "starting");
  }

  /**
   * Replaces every worker, one by one. When the first new one does not become ready, the old ones stay. During a reload,
   * asks for another one after it: who was replaced already does not know what has changed since.
   */
  reload(): Promise<void> {
    if (this.#reloading === null) {
      this.#reloading = this.#reload().finally(() => {
        this.#reloading = null;
      });
      return this.#reloading;
    }
    this.#nextReload ??= this.#reloading.then(() => {
      this.#nextReload = null;
      return this.reload();
    });
    return this.#nextReload;
  }

  /** Has every worker open its log files again. */
  reopen(): void {
    for (const { worker } of this.#members) worker?.send({ kind: "reopen" });
  }

  /** Starts one worker more. */
  add(): void {
    this.#wanted++;
    this.#options.say(`one worker more: ${this.#wanted}`);
    this.#fill();
  }

  /** Drains one worker, the oldest; the last one stays. */
  remove(): void {
    if (this.#wanted === 1) return this.#options.say("the last worker stays");
    this.#wanted--;
    this.#options.say(`one worker less: ${this.#wanted}`);
    this.#trim();
  }

  /** Lets requests in flight end, then ends; with `force`, ends at once. */
  stop({ force = false }: { force?: boolean } = {}): Promise<void> {
    return this.#stop(force, 0);
  }

  async #stop(force: boolean, exitCode: number): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      [...this.#members].map((member) => (force ? this.#kill(member) : this.#drain(member, { replaced: false }))),
    );
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#end(exitCode);
  }

  #ready(): Member[] {
    return [...this.#members].filter(({ state }) => state === "ready");
  }

  /** Starts as many workers as are missing, or may start now: each that is ready lets another one begin. */
  #fill(): void {
    const missing = Math.min(this.#missing() - this.#backingOff, MOST_STARTING - this.#starting().length);
    for (let count = 0; count < missing; count++) void this.#replace();
  }

  #missing(): number {
    if (this.#stopping) return 0;
    const staying = [...this.#members].filter(({ state, isRetiring }) => {
      return state === "starting" || (state === "ready" && !isRetiring);
    });
    return this.#wanted - staying.length;
  }

  /** Drains those that are too many: those that have asked for it, then the oldest, which have the oldest code. */
  #trim(): void {
    const ready = this.#ready().sort((a, b) => Number(b.isRetiring) - Number(a.isRetiring));
    for (const member of ready.slice(0, Math.max(0, ready.length - this.#wanted))) {
      void this.#drain(member, { replaced: true });
    }
  }

  /** Resolves when the new worker is ready. @throws {Error} (rejects) with a line for the user. */
  async #spawn(): Promise<void> {
    const member = new Member();
    this.#members.add(member);
    try {
      member.worker = await this.#options.spawn({
        message: (message) => this.#heard(member, message),
        ended: (how) => this.#ended(member, how),
      });
      // It may be meant to end by now.
      if (member.state === "draining") member.worker.kill();
    } catch (error) {
      this.#ended(member, (error as Error).message);
    }
    return member.ready.promise;
  }

  #heard(member: Member, message: FromWorker): void {
    member.silence = 0;
    switch (message.kind) {
      case "ready":
        if (member.state !== "starting") return;
        member.state = "ready";
        member.readySince = performance.now();
        member.ready.open();
        this.#trim();
        this.#fill();
        break;
      case "beat":
        member.connections = message.connections;
        // A new one that has come so far has outlived what its predecessors died of.
        if (performance.now() - member.readySince < 2 * SHORT_LIFE) this.#shortLives = 0;
        this.#balance(member);
        break;
      case "failed":
        member.line = message.line;
        break;
      case "retire":
        this.#options.say(`worker ${member.worker?.name} is replaced: ${message.reason}`);
        member.isRetiring = true;
        this.#fill();
        break;
      case "notice":
        this.#note(member, message.line);
        break;
      case "report":
        this.#questions.get(message.number)?.settle({ name: member.worker!.name, content: message.content });
        break;
      case "drained":
        if (message.content !== undefined) this.#options.farewell?.(member.worker!.name, message.content);
        member.finished = message.finished;
        member.dropped = message.dropped;
    }
  }

  /** Who finds the same again has found it gone meanwhile: then it is said again, and the others are expected to follow. */
  #note({ notices }: Member, line: string): void {
    const isSaid = [...this.#members].some((member) => member.notices.has(line));
    if (!isSaid || notices.has(line)) {
      for (const member of this.#members) member.notices.delete(line);
      this.#options.note?.(line);
    }
    notices.add(line);
  }

  #ended(member: Member, how: string): void {
    const was = member.state;
    member.state = "ended";
    this.#members.delete(member);
    this.ends[was === "starting" ? "failed" : was === "draining" ? "drained" : "died"]++;
    member.ready.refuse(new Error(member.line || `a worker ended before it was ready: ${how}`));
    member.ended.open();
    for (const question of this.#questions.values()) if (question.member === member) question.settle(null);
    if (was !== "ready" || this.#stopping) return;
    this.#options.say(`worker ${member.worker?.name} died: ${how}; it is replaced`);
    this.#shortLives = performance.now() - member.readySince < SHORT_LIFE ? this.#shortLives + 1 : 0;
    this.#fill();
  }

  /** Starts a worker that is missing, and tries again for as long as there is hope. */
  async #replace(): Promise<void> {
    if (this.#shortLives > 1) await this.#backOff(this.#shortLives - 1);
    for (let failures = 0; this.#missing() > 0; ) {
      try {
        return await this.#spawn();
      } catch (error) {
        failures++;
        if (this.#stopping) return;
        this.#options.say(`a worker could not start: ${(error as Error).message}`);
        if (failures >= MAX_FAILURES && this.ready === 0) {
          this.#options.say(`given up after ${failures} starts that failed`);
          return this.#stop(true, 3);
        }
        await this.#backOff(failures);
      }
    }
  }

  async #backOff(failures: number): Promise<void> {
    this.#backingOff++;
    await new Promise((resolve) => setTimeout(resolve, Math.min(BACK_OFF[0] * 2 ** failures, BACK_OFF[1])));
    this.#backingOff--;
  }

  async #reload(): Promise<void> {
    // Who is starting may have read the old code.
    await this.#started();
    const old = this.#ready();
    const ended = () => old.filter(({ state }) => state === "ended").length;
    while (!this.#stopping && old.some(({ state }) => state === "ready")) {
      try {
        await this.#spawn();
      } catch (error) {
        if (this.#stopping) return;
        const replaced = ended();
        const left = replaced === 0 ? "the old workers stay" : `${replaced} of ${old.length} workers were replaced`;
        this.#options.say(`reload failed, ${left}: ${(error as Error).message}`);
        return this.#fill();
      }
      // The new one has made one too many, and the oldest goes.
      const leaving = old.filter(({ state }) => state === "draining");
      await Promise.all(leaving.map(({ ended }) => ended.promise));
    }
    if (this.#stopping) return;
    const sum = (key: "finished" | "dropped") => old.reduce((sum, member) => sum + member[key], 0);
    const [finished, dropped] = [sum("finished"), sum("dropped")];
    this.#options.say(`reloaded ${old.length} workers, drained ${finished} requests, dropped ${dropped}`);
  }

  async #drain(member: Member, { replaced }: { replaced: boolean }): Promise<void> {
    if (member.state === "starting") return this.#kill(member);
    if (member.state === "ended") return;
    member.state = "draining";
    member.worker?.send({ kind: "drain", replaced });
    const late = setTimeout(() => member.worker?.kill(), this.#options.grace + MARGIN);
    await member.ended.promise;
    clearTimeout(late);
  }

  async #kill(member: Member): Promise<void> {
    if (member.state === "ended") return;
    member.state = "draining";
    member.worker?.send({ kind: "stop" });
    const late = setTimeout(() => member.worker?.kill(), QUICK);
    await member.ended.promise;
    clearTimeout(late);
  }

  /**
   * All workers accept from one queue, and whoever is awake takes what is there: of 64 kept connections, one of four workers
   * was seen to take 54. One that has far more than its share lets some go.
   */
  #balance(member: Member): void {
    const ready = this.#ready();
    const share = ready.reduce((sum, { connections }) => sum + connections, 0) / ready.length;
    const surplus = Math.floor(member.connections - share);
    if (surplus > share * SLACK + 1) member.worker?.send({ kind: "shed", count: surplus });
  }

  /** Ends whoever has been silent for too long. A worker that watches itself goes before, and has said more. */
  #look(): void {
    const now = performance.now();
    const passed = Math.min(now - this.#looked, MOST_AWAKE);
    this.#looked = now;
    const { workerTimeout } = this.#options;
    if (workerTimeout === 0) return;
    for (const member of this.#members) {
      if (member.state === "draining") continue;
      member.silence += passed;
      const timeout = member.state === "starting" ? startTimeout(workerTimeout) : workerTimeout;
      const allowed = timeout + (member.worker?.postMortem === undefined ? MARGIN : BEAT);
      if (member.silence >= allowed) void this.#endSilent(member);
    }
  }

  async #endSilent(member: Member): Promise<void> {
    const { worker, state } = member;
    const silence = (member.silence / 1000).toFixed(1);
    // Once is enough.
    member.silence = Number.NEGATIVE_INFINITY;
    if (state === "starting") member.line = `a worker was not ready within ${silence} s (--worker-timeout)`;
    else this.#options.say(`worker ${worker?.name} has been silent for ${silence} s, and is killed`);
    for (const line of (await worker?.postMortem?.()) ?? []) this.#options.say(line);
    worker?.kill();
  }
}
