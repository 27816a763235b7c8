/**
 * Node's module hooks for TypeScript (nodejs.org/api/module.html, "Customization hooks"). A TypeScript file is an ES module
 * whatever the package.json near it says; a `.cts` file is CommonJS.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compileTypeScript } from "./compile.ts";
import { resolveTypeScript } from "./resolve.ts";

interface ResolveContext {
  readonly parentURL?: string;
}

type Next<Context, Result> = (what: string, context: Context) => Result;

/** For threads of their own (`module.register`), where the next hook gives a promise. */
export async function resolve<Context extends ResolveContext, Result>(
  specifier: string,
  context: Context,
  next: Next<Context, Promise<Result>>,
): Promise<Result> {
  try {
    return await next(specifier, context);
  } catch (error) {
    return next(resolveTypeScript(specifier, context.parentURL, error), context);
  }
}

/** For the thread of the application (`module.registerHooks`), where the next hook gives its result. */
export function resolveSync<Context extends ResolveContext, Result>(
  specifier: string,
  context: Context,
  next: Next<Context, Result>,
): Result {
  try {
    return next(specifier, context);
  } catch (error) {
    return next(resolveTypeScript(specifier, context.parentURL, error), context);
  }
}

/** For both. */
export function load<Context, Result>(url: string, context: Context, next: Next<Context, Result>) {
  const extension = /^file:[^?#]*(\.[cm]?ts)(?:[?#]|$)/.exec(url)?.[1];
  if (extension === undefined) return next(url, context);
  const file = fileURLToPath(url);
  return {
    format: extension === ".cts" ? "commonjs" : "module",
    source: compileTypeScript(readFileSync(file, "utf8"), file),
    shortCircuit: true,
  };
}
