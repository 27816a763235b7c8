import module from "node:module";
import { load, resolveSync } from "./hooks.ts";

/** Since Node 22.15 and 23.5; the type definitions are Node 20's. */
type RegisterHooks = (hooks: { resolve: typeof resolveSync; load: typeof load }) => void;

let isInstalled = false;

/** From here on, this process imports TypeScript files as they are. */
export function installTypeScript(): void {
  if (isInstalled) return;
  isInstalled = true;
  process.setSourceMapsEnabled(true);
  const { registerHooks } = module as { registerHooks?: RegisterHooks };
  // Newer versions of Node warn of `register`, older ones know nothing else.
  if (registerHooks !== undefined) registerHooks({ resolve: resolveSync, load });
  else module.register("./hooks.js", import.meta.url);
}
