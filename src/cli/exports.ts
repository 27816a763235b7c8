/** What a module exports, and how it is put in words. */
import { inspect } from "node:util";

/** Something that things can be looked up on. */
export type Exported = Readonly<Record<string | symbol, unknown>>;

export interface Exports {
  /** The default export, if it is an object or a function; of an ES module compiled to CommonJS, the one within. */
  readonly main: Exported | undefined;
  /** The module itself, with its default export under `default`. */
  readonly module: Exported;
  /** Whether it has begun to listen while it was loaded, as a program does that is its own server. */
  readonly listens: boolean;
}

export function exportsOf(module: Exported, listens: boolean): Exports {
  const exported = module.default;
  if (!isLookable(exported)) return { main: undefined, module, listens };
  const compiled = member(exported, "__esModule") === true && isLookable(exported.default);
  return { main: compiled ? (exported.default as Exported) : exported, module, listens };
}

/** A property that is there. A proxy may make one up for any name (itty-router does), but seldom says it has it. */
export function member(exported: Exported | undefined, name: string | symbol): unknown {
  return exported !== undefined && name in exported ? exported[name] : undefined;
}

export function isFunction(value: unknown): value is (...args: never[]) => unknown {
  return typeof value === "function";
}

function isLookable(value: unknown): value is Exported {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

/** What there is in place of an application. */
export function exportsInWords({ main, module }: Exports): string {
  if (isFunction(member(main, "fetch"))) return "its default export has fetch()";
  if (isFunction(main))
    return `its default export is a function of ${main.length === 1 ? "one parameter" : `${main.length} parameters`}`;
  if (main !== undefined) return "its default export has no fetch(request)";
  if ("default" in module) return `its default export is ${inspect(module.default)}`;
  const names = Object.keys(module);
  return names.length === 0 ? "it exports nothing" : `it exports only ${names.join(", ")}`;
}
