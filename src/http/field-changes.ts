/** What is said over the fields of a response, whoever made it up: by a command line, or by a site's own rules. */

export interface FieldChanges {
  /** Names and values, flat. They take the place of fields of the same names; see `changeFields` for two exceptions. */
  readonly set: readonly string[];
  /** Names, in lower case, of fields that go; before `set` comes. */
  readonly remove: ReadonlySet<string>;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** As the response encoder takes it: no CTL but HTAB, and no character above one byte. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What a response says by itself, because it has to be true: how it is framed, what its bytes are, and which state of what. */
const OWN: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"],
  ...["content-length", "content-encoding", "content-range", "accept-ranges"],
  ...["etag", "last-modified", "date", "age", "allow", "location"],
]);

/** Why this field cannot be set, or removed, on every response; `null` if it can. */
export function objectionToField(name: string, value = ""): string | null {
  if (!TOKEN.test(name)) return `${JSON.stringify(name)} is not the name of a field`;
  if (!VALUE.test(value)) return `the value of ${name} has a character that may not be sent`;
  if (OWN.has(name.toLowerCase())) return `${name} is the server's to say`;
  return null;
}

/** Reads `Name: value`; `null` without a colon. Whether it may be sent is `objectionToField`'s to say. */
export function parseFieldLine(line: string): [name: string, value: string] | null {
  const colon = line.indexOf(":");
  return colon < 0 ? null : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

/**
 * A field list with the changes applied. Set-Cookie is added to what is there, since each line of it is a cookie of its own,
 * and so are the names in Vary that are not there yet: a response that varies goes on to vary.
 */
export function changeFields(fields: readonly string[], { set, remove }: FieldChanges): string[] {
  const replaced = new Set(remove);
  for (let at = 0; at < set.length; at += 2) {
    const name = set[at]!.toLowerCase();
    if (name !== "set-cookie" && name !== "vary") replaced.add(name);
  }
  const changed: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    if (!replaced.has(fields[at]!.toLowerCase())) changed.push(fields[at]!, fields[at + 1]!);
  }
  for (let at = 0; at < set.length; at += 2) addField(changed, set[at]!, set[at + 1]!);
  return changed;
}

function addField(fields: string[], name: string, value: string): void {
  const known = name.toLowerCase() === "vary" ? fields.findIndex((text, at) => at % 2 === 0 && isVary(text)) : -1;
  if (known < 0) fields.push(name, value);
  else fields[known + 1] = joinNames(fields[known + 1]!, value);
}

function joinNames(names: string, more: string): string {
  const known = names.split(",").map((name) => name.trim().toLowerCase());
  const added = more.split(",").filter((name) => !known.includes(name.trim().toLowerCase()));
  return [names, ...added.map((name) => name.trim())].join(", ");
}

function isVary(name: string): boolean {
  return name.toLowerCase() === "vary";
}

/** Both changes, the second after the first. */
export function joinChanges(first: FieldChanges | null, second: FieldChanges | null): FieldChanges | null {
  if (first === null || second === null) return first ?? second;
  return { set: changeFields(first.set, second), remove: new Set([...first.remove, ...second.remove]) };
}
