/** An error as plain data, so that it can be shown elsewhere than where it was thrown. */
import { inspect } from "node:util";
import { withoutServer } from "./frames.ts";

export interface ErrorReport {
  readonly name: string;
  readonly message: string;
  /** As the engine gives it, source maps applied; empty when what was thrown is no error. */
  readonly stack: string;
  /** What the error says beside its message, such as a `code`; of what is no plain value, how it is shown. */
  readonly properties: Readonly<Record<string, string | number | boolean | null>>;
  readonly cause?: ErrorReport;
  /** The errors of an AggregateError. */
  readonly errors?: readonly ErrorReport[];
}

/** Causes and aggregates within each other that are followed. */
const DEPTH = 8;
/** Errors of an aggregate that are told one by one. */
const MOST = 10;

/** Characters of a message that are told. */
const LONGEST = 10_000;

/** Never throws, whatever was thrown: getters and traps of the application's would. */
export function reportOf(thrown: unknown, above: readonly unknown[] = []): ErrorReport {
  try {
    return described(thrown, above);
  } catch (error) {
    return {
      ...NOTHING,
      name: "Error",
      message: `what was thrown throws itself when it is looked at: ${textOf(error)}`,
    };
  }
}

const NOTHING = { name: "", stack: "", properties: {} };

function described(thrown: unknown, above: readonly unknown[]): ErrorReport {
  if (!isErrorLike(thrown))
    return { ...NOTHING, name: "Not an Error", message: inspect(thrown, { depth: 3 }).slice(0, LONGEST) };
  const { name, message, stack, cause, errors, ...rest } = own(thrown);
  const whole = String(message);
  const text = whole.length > LONGEST ? `${whole.slice(0, LONGEST)}… (${whole.length} characters)` : whole;
  const properties = Object.entries(rest).flatMap(([key, value]) => (value === undefined ? [] : [[key, plain(value)]]));
  const those = [...above, thrown];
  const inner = (each: unknown) =>
    those.includes(each) ? { ...NOTHING, message: "an error that stands above" } : reportOf(each, those);
  const isFollowed = those.length <= DEPTH;
  return {
    name: String(name),
    message: text,
    stack: typeof stack === "string" ? stack.replace(whole, () => text) : "",
    properties: Object.fromEntries(properties),
    ...(cause !== undefined && isFollowed && { cause: inner(cause) }),
    ...(Array.isArray(errors) && isFollowed && { errors: several(errors, inner) }),
  };
}

function several(errors: readonly unknown[], inner: (error: unknown) => ErrorReport): ErrorReport[] {
  const told = errors.slice(0, MOST).map(inner);
  return errors.length <= MOST ? told : [...told, { ...NOTHING, message: `and ${errors.length - MOST} more` }];
}

function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "and again";
  }
}

/** Errors of another realm, such as a `vm` context, are none of this one's. */
function isErrorLike(thrown: unknown): thrown is Error {
  return thrown instanceof Error || (typeof thrown === "object" && thrown !== null && "stack" in thrown);
}

/** Getters and what the prototype gives, too: a DOMException has nothing of its own. */
function own(error: Error): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  const hasCode = code !== undefined && !(error instanceof DOMException);
  return { ...(hasCode && { code }), ...error, name, message, stack, cause, errors };
}

function plain(value: unknown): string | number | boolean | null {
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return value as string;
  return inspect(value, { depth: 2, breakLength: 100 });
}

const KINDS = [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError];

/** The error again, for whoever takes an Error: its stack is that of where it was thrown. */
export function errorOf(report: ErrorReport): Error {
  const { name, message, properties, cause, errors } = report;
  const options = cause === undefined ? {} : { cause: errorOf(cause) };
  const heading = name === "" ? message : `${name}: ${message}`;
  // By its class the console knows which name to print.
  const Kind = KINDS.find((kind) => kind.name === name) ?? Error;
  const error =
    errors === undefined ? new Kind(message, options) : new AggregateError(errors.map(errorOf), message, options);
  // Not enumerable, as in the original: printing an error shows them by itself.
  Object.defineProperty(error, "name", { value: name || "Error", configurable: true });
  Object.defineProperty(error, "stack", { value: withoutServer(report) || heading, configurable: true });
  return Object.assign(error, properties);
}
