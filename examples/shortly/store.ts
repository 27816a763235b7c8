/** What the shortener needs to remember, whoever does it. */

export interface Link {
  /** What stands behind the slash of the short address. */
  readonly code: string;
  readonly url: string;
  readonly clicks: number;
  /** Milliseconds since 1970. */
  readonly created: number;
}

export interface Store {
  /** The link for this address: the one there is, or a new one. */
  add(url: string): Promise<Link>;
  find(code: string): Promise<Link | null>;
  /** Counts a click, and gives the address once it is counted; `null` for a code that nobody has been given. */
  click(code: string): Promise<string | null>;
  /** The newest links, the last one first. */
  latest(count: number): Promise<Link[]>;
}

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** Links are numbered from 1; a code is the number to the base of 62. */
export function codeOf(id: number): string {
  let code = "";
  for (let rest = id; rest > 0; rest = Math.floor(rest / 62)) code = DIGITS[rest % 62] + code;
  return code;
}

/** The number that a code stands for; 0, which no link has, for what is no code. */
export function idOf(code: string): number {
  if (!/^[1-9a-zA-Z][0-9a-zA-Z]{0,7}$/.test(code)) return 0;
  return [...code].reduce((id, digit) => id * 62 + DIGITS.indexOf(digit), 0);
}

/** The numbers of the newest links, when so many have been given out. */
export function latestIds(last: number, count: number): number[] {
  return Array.from({ length: Math.min(last, count) }, (_, index) => last - index);
}
