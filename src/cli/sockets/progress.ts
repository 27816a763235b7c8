/** How far a transfer is, for somebody who watches a terminal. */

export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Milliseconds before the first line, and between two. */
const FIRST = 1000;
const EVERY = 500;

export class Progress {
  received = 0;
  sent = 0;
  /** Bytes that are to come, if anybody knows. */
  total: number | null = null;
  readonly #screen: Screen;
  readonly #start = Date.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #isShown = false;

  constructor(screen: Screen) {
    this.#screen = screen;
    if (!screen.isTTY) return;
    this.#timer = setInterval(() => this.#show(), EVERY);
    this.#timer.unref();
  }

  /** Leaves the terminal as it was. */
  stop(): void {
    clearInterval(this.#timer);
    if (this.#isShown) this.#screen.write("\r\x1b[K");
  }

  #show(): void {
    const elapsed = Date.now() - this.#start;
    if (elapsed < FIRST) return;
    this.#isShown = true;
    this.#screen.write(`\r${progressLine(this.received, this.sent, elapsed, this.total)}\x1b[K`);
  }
}

/** `12.0 MiB of 48.0 MiB received, 0 B sent, 4.0 MiB/s`. */
export function progressLine(received: number, sent: number, elapsed: number, total: number | null = null): string {
  const rate = ((received + sent) * 1000) / elapsed;
  const whole = total === null ? "" : ` of ${size(total)}`;
  return `${size(received)}${whole} received, ${size(sent)} sent, ${size(rate)}/s`;
}

function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
  return `${unit === 0 ? Math.round(bytes) : bytes.toFixed(1)} ${units[unit]}`;
}
