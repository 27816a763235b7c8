/** How long a script may show no sign of life, where nobody but itself keeps it waiting. */
export class Patience {
  #timer: NodeJS.Timeout | undefined;
  #excuses = 0;

  /** @param limit in milliseconds; 0 for no limit */
  constructor(limit: number, expired: () => void) {
    if (limit === 0) return;
    this.#timer = setTimeout(() => (this.#excuses > 0 ? this.#timer?.refresh() : expired()), limit);
  }

  /** The script has written, or read, something. */
  sign(): void {
    this.#timer?.refresh();
  }

  /** Waits for the client: in that time, nothing is expected of the script. */
  async excuse<T>(client: Promise<T>): Promise<T> {
    this.#excuses++;
    try {
      return await client;
    } finally {
      this.#excuses--;
      this.sign();
    }
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
