/** `_headers`, as Netlify and Cloudflare Pages read it: fields by path. */
import { type FieldChanges, objectionToField, parseFieldLine } from "../http/field-changes.ts";
import { encodePath, PathPattern, Template } from "./path-pattern.ts";

/** What is said of the paths of one pattern. */
export interface HeaderRule {
  readonly pattern: PathPattern;
  /** Names, in lower case, of what is taken back: a default, or what rules before have said. */
  readonly remove: Set<string>;
  readonly fields: { readonly name: string; readonly value: Template }[];
}

/**
 * Reads the lines of the file: a path, and below it `Name: value` or `! Name` as often as there is something to say.
 * @param complain is told of each line that says nothing
 */
export function readHeaderRules(lines: Iterable<[number, string]>, complain: (line: number, why: string) => void) {
  const rules: HeaderRule[] = [];
  let rule: HeaderRule | null = null;
  for (const [number, line] of lines) {
    try {
      if (/^(?:\/|https?:)/.test(line)) {
        rule = null;
        rule = { pattern: new PathPattern(line), remove: new Set(), fields: [] };
        rules.push(rule);
      } else if (rule === null) throw new SyntaxError("there is no path above it that it is about");
      else readLine(rule, line);
    } catch (error) {
      complain(number, (error as SyntaxError).message);
    }
  }
  return rules;
}

function readLine(rule: HeaderRule, line: string): void {
  if (line.startsWith("!")) {
    const name = line.slice(1).trim().toLowerCase();
    // Without them, browsers guess, and caches give one client what was made for another.
    if (name === "content-type" || name === "vary") throw new SyntaxError(`${name} is always said`);
    const objection = objectionToField(name);
    if (objection !== null) throw new SyntaxError(objection);
    rule.remove.add(name);
    return;
  }
  const field = parseFieldLine(line);
  if (field === null) throw new SyntaxError("it is neither a path from / nor Name: value");
  const [name, value] = field;
  // Netlify's own: it would tell the password to everybody.
  if (name.toLowerCase() === "basic-auth") throw new SyntaxError("Basic-Auth is not sent: the command has --auth");
  const objection = objectionToField(name, value);
  if (objection !== null) throw new SyntaxError(objection);
  rule.fields.push({ name, value: new Template(value, rule.pattern.captures) });
}

/** What all rules that match a path say together, in their order: several values of a field are one list (RFC 9110 §5.3). */
export function changesAt(rules: readonly HeaderRule[], names: readonly string[]): FieldChanges | null {
  const remove = new Set<string>();
  const set = new Map<string, string[]>();
  for (const rule of rules) {
    const captures = rule.pattern.match(names);
    if (captures === null) continue;
    for (const name of rule.remove) {
      remove.add(name);
      set.delete(name);
    }
    for (const { name, value } of rule.fields) addValue(set, name, value.fill(captures, encodePath));
  }
  return remove.size + set.size === 0 ? null : { set: [...set.values()].flat(), remove };
}

function addValue(set: Map<string, string[]>, name: string, value: string): void {
  const key = name.toLowerCase();
  const known = set.get(key);
  if (known === undefined) set.set(key, [name, value]);
  else if (key === "set-cookie") known.push(name, value);
  else known[1] += `, ${value}`;
}
