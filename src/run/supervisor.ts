/**
 * Keeps workers alive: as many as it was told, each replaced when it dies, all of them replaced one by one on a reload.
 * A new worker has to be ready before an old one drains, so that somebody accepts at every moment.
 */
import { BEAT, type FromWorker, type Spawn, type Worker } from "./messages.ts";

export interface SupervisorOptions {
  readonly spawn: Spawn;
  readonly workers: number;
  /** Milliseconds for which a worker may be silent, while it starts or later; 0 for any time. */
  readonly workerTimeout: number;
  /** Milliseconds that a worker may take to drain. */
  readonly grace: number;
  /** Takes each line there is to say. */
  readonly say: (line: string) => void;
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
/** Milliseconds that a worker may take beyond its grace, or its own watchdog beyond the timeout, before it is killed. */
const MARGIN = 3000;

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
  heard = Date.now();
  connections = 0;
  finished = 0;
  dropped = 0;
  /** Why it could not start, in its own words. */
  line = "";
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
  #end!: (exitCode: number) => void;
  #watch: NodeJS.Timeout | null = null;

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
   * Starts the workers; one first, so that what keeps it from starting is said once.
   * @throws {Error} (rejects) with a line for the user when that one does not become ready. None is left then.
   */
  async start(): Promise<void> {
    await this.#spawn();
    this.#watch = setInterval(() => this.#check(), 250);
    await Promise.all(Array.from({ length: this.#wanted - 1 }, () => this.#replace()));
  }

  /** Replaces every worker, one by one. When the first new one does not become ready, the old ones stay. */
  reload(): Promise<void> {
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = null;
    });
    return this.#reloading;
  }

  /** Has every worker open its log files again. */
  reopen(): void {
    for (const { worker } of this.#members) worker?.send({ kind: "reopen" });
  }

  /** Starts one worker more. */
  add(): void {
    this.#wanted++;
    this.#options.say(`one worker more: ${this.#wanted}`);
    void this.#replace();
  }

  /** Drains one worker, the oldest; the last one stays. */
  remove(): void {
    const oldest = this.#ready()[0];
    if (oldest === undefined || this.#wanted === 1) return this.#options.say("the last worker stays");
    this.#wanted--;
    this.#options.say(`one worker less: ${this.#wanted}`);
    void this.#drain(oldest, { replaced: true });
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

  /** Resolves when the new worker is ready. @throws {Error} (rejects) with a line for the user. */
  async #spawn(): Promise<void> {
    const member = new Member();
    this.#members.add(member);
    member.worker = await this.#options.spawn({
      message: (message) => this.#heard(member, message),
      ended: (how) => this.#ended(member, how),
    });
    return member.ready.promise;
  }

  #heard(member: Member, message: FromWorker): void {
    member.heard = Date.now();
    switch (message.kind) {
      case "ready":
        if (member.state !== "starting") return;
        member.state = "ready";
        member.ready.open();
        break;
      case "beat":
        member.connections = message.connections;
        this.#balance(member);
        break;
      case "failed":
        member.line = message.line;
        break;
      case "retire":
        this.#options.say(`worker ${member.worker?.name} is replaced: ${message.reason}`);
        void this.#replace().then(() => this.#drain(member, { replaced: true }));
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
    void this.#replace();
  }

  /** Starts a worker, and tries again for as long as there is hope. */
  async #replace(): Promise<void> {
    for (let failures = 0; !this.#stopping; ) {
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
        await new Promise((resolve) => setTimeout(resolve, Math.min(BACK_OFF[0] * 2 ** failures, BACK_OFF[1])));
      }
    }
  }

  async #reload(): Promise<void> {
    const old = this.#ready();
    let finished = 0;
    let dropped = 0;
    let replaced = 0;
    for (const member of old) {
      try {
        await this.#spawn();
      } catch (error) {
        const left = replaced === 0 ? "the old workers stay" : `${replaced} of ${old.length} workers were replaced`;
        return this.#options.say(`reload failed, ${left}: ${(error as Error).message}`);
      }
      await this.#drain(member, { replaced: true });
      finished += member.finished;
      dropped += member.dropped;
      replaced++;
    }
    this.#options.say(`reloaded ${replaced} workers, drained ${finished} requests, dropped ${dropped}`);
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
  #check(): void {
    const { workerTimeout } = this.#options;
    if (workerTimeout === 0) return;
    for (const member of this.#members) {
      const { worker, state } = member;
      const silence = Date.now() - member.heard;
      const allowed = workerTimeout + (worker?.postMortem === undefined ? MARGIN : BEAT);
      if (state !== "draining" && silence >= allowed) void this.#endSilent(member, silence);
    }
  }

  async #endSilent(member: Member, silence: number): Promise<void> {
    const { worker } = member;
    // Once is enough.
    member.heard = Number.POSITIVE_INFINITY;
    this.#options.say(`worker ${worker?.name} has been silent for ${(silence / 1000).toFixed(1)} s, and is killed`);
    for (const line of (await worker?.postMortem?.()) ?? []) this.#options.say(line);
    worker?.kill();
  }
}
