/**
 * Lines on their way to a file, in batches, off the path of requests: what is written is collected for a moment and
 * handed to the system in one go, by a thread of Node's pool. A disk that is slow costs lines, never requests. What the
 * lines say is not known here.
 */
import fs from "node:fs";
import { isMainThread } from "node:worker_threads";

export interface LineWriterOptions {
  /** Where to: a path, to append to; `-` for standard output. */
  readonly file: string;
  /** Told in a line what cannot be written, at most once a minute. */
  readonly report: (line: string) => void;
}

/** Milliseconds for which lines are collected. */
const INTERVAL = 100;
/** Bytes of lines that are not waited with. */
const BATCH = 64 * 1024;
/** Bytes of lines that wait for a slow disk; those that come then are dropped, and counted. */
const MOST_WAITING = 4 * 1024 * 1024;
/** Bytes that a pipe takes from one writer without mixing them with another's (pipe(7), PIPE_BUF). */
const PIPE_BUF = 4096;
/** Milliseconds until a full pipe is tried again. */
const RETRY = 20;
/** Milliseconds between two reports. */
const REPORT_INTERVAL = 60_000;
/** Milliseconds that a slow reader may take with what is left at the end. */
const PATIENCE = 2000;

/** Milliseconds after that for a write that is under way. */
const LAST_TRY = 500;

const STANDARD_OUTPUT = 1;

const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = fs.constants;
/** Not blocking: a write that waits for a pipe's reader would keep the process from ending, whatever ends it. */
const APPENDING = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK;

export class LineWriter {
  readonly #file: string;
  readonly #report: (line: string) => void;
  #fd: number;
  #isPipe: boolean;
  #waiting = "";
  /** Bytes that are being written. */
  #leaving = 0;
  #dropped = 0;
  #reported = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  /** The write that is under way, and those that follow it at once. */
  #writing: Promise<void> | null = null;
  #isClosed = false;
  #isGivenUp = false;
  readonly #onExit = () => this.#writeNow();

  /** @throws {Error} with the system's `code` when the file cannot be opened. */
  constructor({ file, report }: LineWriterOptions) {
    this.#file = file;
    this.#report = report;
    this.#fd = file === "-" ? standardOutput() : fs.openSync(file, APPENDING, 0o644);
    this.#isPipe = fs.fstatSync(this.#fd).isFIFO();
    process.on("exit", this.#onExit);
  }

  /** Takes a line, in ASCII, with its end. */
  write(line: string): void {
    if (this.#waiting.length + this.#leaving > MOST_WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting += line;
    if (this.#writing !== null) return;
    if (this.#waiting.length >= BATCH) void this.flush();
    else if (this.#timer === null) {
      this.#timer = setTimeout(() => void this.flush(), INTERVAL);
      this.#timer.unref();
    }
  }

  /** Resolves when all that was written before is with the system, or was given up. */
  flush(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  /** Opens the file again by its name: what has it open under another, as a log rotation leaves it, gets no more lines. */
  async reopen(): Promise<void> {
    if (this.#file === "-" || this.#isClosed) return;
    try {
      const fd = await open(this.#file);
      await this.flush();
      const old = this.#fd;
      this.#fd = fd;
      this.#isPipe = fs.fstatSync(fd).isFIFO();
      await closeFile(old);
    } catch (error) {
      this.#complain(`cannot be opened again, and goes on where it is: ${(error as Error).message}`);
    }
  }

  /** Writes what there is, and closes the file. What nobody reads from is given up. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const isWritten = await this.#flushInTime();
    process.off("exit", this.#onExit);
    if (!isWritten) return this.#endAtExit();
    if (this.#fd !== STANDARD_OUTPUT) await closeFile(this.#fd);
  }

  /** Resolves with false when a write has not returned: a socket that others have open as well, they can make block. */
  async #flushInTime(): Promise<boolean> {
    let late: NodeJS.Timeout | undefined;
    const tooLate = new Promise<false>((resolve) => {
      late = setTimeout(() => {
        this.#isGivenUp = true;
        late = setTimeout(resolve, LAST_TRY, false);
      }, PATIENCE);
    });
    const isWritten = await Promise.race([this.flush().then(() => true), tooLate]);
    clearTimeout(late);
    return isWritten;
  }

  /** Node ends when the threads of its pool do, and one that stands in such a write never does. */
  #endAtExit(): void {
    if (!isMainThread) return;
    process.once("exit", () => this.#writing !== null && process.kill(process.pid, "SIGKILL"));
  }

  async #writeAll(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#waiting !== "") {
      const bytes = Buffer.from(this.#waiting, "latin1");
      this.#waiting = "";
      this.#leaving = bytes.length;
      try {
        for (const piece of this.#isPipe ? pieces(bytes) : [bytes]) await this.#writePiece(piece);
      } catch (error) {
        const isUnread = (error as NodeJS.ErrnoException).code === "EAGAIN";
        this.#complain(isUnread ? "is not read: lines are lost" : `cannot be written: ${(error as Error).message}`);
      }
      this.#leaving = 0;
    }
    if (this.#dropped === 0) return;
    this.#complain(`is written too slowly: ${this.#dropped} lines were dropped`);
    this.#dropped = 0;
  }

  async #writePiece(piece: Uint8Array): Promise<void> {
    for (let at = 0; at < piece.length; ) {
      try {
        at += await writeFile(this.#fd, piece, at);
      } catch (error) {
        // The pipe is full.
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || this.#isGivenUp) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
  }

  /** The process ends: there is no later. */
  #writeNow(): void {
    try {
      if (this.#waiting !== "") fs.writeSync(this.#fd, this.#waiting, null, "latin1");
      this.#waiting = "";
    } catch {
      // Nobody is left to tell.
    }
  }

  #complain(what: string): void {
    const now = performance.now();
    if (now - this.#reported < REPORT_INTERVAL) return;
    this.#reported = now;
    this.#report(`the log ${this.#file === "-" ? "on standard output" : this.#file} ${what}`);
  }
}

/** Whole lines, so many at a time that nobody else's come between them. */
function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const lineEnd = bytes.lastIndexOf("\n", Math.min(at + PIPE_BUF, bytes.length) - 1);
    const stop = lineEnd >= at ? lineEnd + 1 : bytes.indexOf("\n", at) + 1;
    yield bytes.subarray(at, stop);
    at = stop;
  }
}

/** A pipe of our own to the same reader, where the system gives one: that of others would not block them any more, either. */
function standardOutput(): number {
  if (!fs.fstatSync(STANDARD_OUTPUT).isFIFO()) return STANDARD_OUTPUT;
  try {
    return fs.openSync(`/proc/self/fd/${STANDARD_OUTPUT}`, O_WRONLY | O_NONBLOCK);
  } catch {
    return STANDARD_OUTPUT;
  }
}

function open(file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(file, APPENDING, 0o644, (error, fd) => (error ? reject(error) : resolve(fd)));
  });
}

function writeFile(fd: number, bytes: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(fd, bytes, at, bytes.length - at, null, (error, count) => (error ? reject(error) : resolve(count)));
  });
}

function closeFile(fd: number): Promise<void> {
  return new Promise((resolve) => fs.close(fd, () => resolve()));
}
