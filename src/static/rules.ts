/** What a site says about itself, in `_headers` and `_redirects` at its root: read when it is asked for, and again when it changes. */
import { readFileSync } from "node:fs";
import { type HeaderRule, readHeaderRules } from "./header-rules.ts";
import { type RedirectRule, readRedirectRules } from "./redirect-rules.ts";
import { isSettled } from "./representation.ts";
import { isUnchanged, type PathState, type Root, RULE_FILES } from "./root.ts";

/** Bytes of a file of rules. */
const MAX_SIZE = 1024 * 1024;
/** Characters of a line: Cloudflare's limit. */
const MAX_LINE = 2000;
/** Rules of a file: Cloudflare takes 100 of `_headers`, 2,100 of `_redirects`. A path that has no file is held against them all. */
const MAX_RULES = 2100;
/** Lines that are complained of, one by one. */
const MAX_COMPLAINTS = 20;

/** The rules as they are at one time. */
export class Rules {
  readonly headers: readonly HeaderRule[];
  /** Of redirects, those that go before files, and the others. */
  readonly forced: readonly RedirectRule[];
  readonly others: readonly RedirectRule[];
  readonly states: readonly PathState[];
  /** Whether a change of the files from now on would show. */
  readonly isSettled: boolean;

  constructor(states: readonly PathState[], headers: readonly HeaderRule[], redirects: readonly RedirectRule[]) {
    this.states = states;
    this.headers = headers;
    this.forced = redirects.filter(({ isForced }) => isForced);
    this.others = redirects.filter(({ isForced }) => !isForced);
    this.isSettled = states.every(({ stats }) => stats === undefined || isSettled(stats));
  }
}

/** The rules of a site, up to date. */
export class SiteRules {
  readonly #root: Root;
  readonly #checkInterval: number;
  readonly #headers: RuleFile<HeaderRule>;
  readonly #redirects: RuleFile<RedirectRule>;
  #rules: Rules;
  #checked = performance.now();

  /**
   * @param checkInterval how long the files are believed to be unchanged, in milliseconds
   * @param log is told of lines that say nothing
   */
  constructor(root: Root, checkInterval: number, log: (line: string) => void) {
    this.#root = root;
    this.#checkInterval = checkInterval;
    this.#headers = new RuleFile(readHeaderRules, log);
    this.#redirects = new RuleFile(readRedirectRules, log);
    this.#rules = this.#read();
  }

  get current(): Rules {
    const now = performance.now();
    if (now - this.#checked < this.#checkInterval && this.#rules.isSettled) return this.#rules;
    this.#checked = now;
    const { isSettled, states } = this.#rules;
    if (!isSettled || !states.every(isUnchanged)) this.#rules = this.#read();
    return this.#rules;
  }

  #read(): Rules {
    // Looked at before they are read: what changes in between is read again.
    const states = RULE_FILES.map((name) => this.#root.state([name]));
    return new Rules(states, this.#headers.read(states[0]!), this.#redirects.read(states[1]!));
  }
}

type Complain = (line: number, why: string) => void;

class RuleFile<Rule> {
  readonly #parse: (lines: Iterable<[number, string]>, complain: Complain) => Rule[];
  readonly #log: (line: string) => void;
  #text = "";
  #rules: readonly Rule[] = [];

  constructor(parse: (lines: Iterable<[number, string]>, complain: Complain) => Rule[], log: (line: string) => void) {
    this.#parse = parse;
    this.#log = log;
  }

  /** What the file says now; what is wrong with it is said once. */
  read({ path, stats }: PathState): readonly Rule[] {
    const text = stats?.isFile() ? this.#textOf(path, stats.size) : "";
    if (text !== this.#text) this.#rules = this.#parseText(path, text);
    this.#text = text;
    return this.#rules;
  }

  #parseText(path: string, text: string): readonly Rule[] {
    let complaints = 0;
    const complain: Complain = (line, why) => {
      if (++complaints <= MAX_COMPLAINTS) this.#log(`${path}:${line}: ${why}; this line is ignored`);
    };
    const rules = this.#parse(linesOf(text, complain), complain);
    if (complaints > MAX_COMPLAINTS) this.#log(`${path}: ${complaints - MAX_COMPLAINTS} more lines are ignored`);
    if (rules.length > MAX_RULES) this.#log(`${path}: of ${rules.length} rules, the first ${MAX_RULES} count`);
    return rules.slice(0, MAX_RULES);
  }

  #textOf(path: string, size: bigint): string {
    try {
      if (size <= MAX_SIZE) return readFileSync(path, "utf8");
      this.#log(`${path}: it is larger than ${MAX_SIZE} bytes, and ignored`);
    } catch (error) {
      this.#log(`${path}: it cannot be read (${(error as NodeJS.ErrnoException).code}), and is ignored`);
    }
    return "";
  }
}

/** Numbered from 1, trimmed, without those that are empty or comments. */
function* linesOf(text: string, complain: Complain): Generator<[number, string]> {
  let number = 0;
  for (const line of text.replace(/^\ufeff/, "").split("\n")) {
    const trimmed = line.trim();
    number++;
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    if (trimmed.length > MAX_LINE) complain(number, `it is longer than ${MAX_LINE} characters`);
    else yield [number, trimmed];
  }
}
