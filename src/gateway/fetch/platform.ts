/**
 * The platform's own classes, as they stood when this module was loaded: whoever replaces the globals later, we included,
 * does not change what our classes fall back on.
 */
import * as threads from "node:worker_threads";

export const NativeHeaders: typeof Headers = globalThis.Headers;
export const NativeRequest: typeof Request = globalThis.Request;
export const NativeResponse: typeof Response = globalThis.Response;
export const nativeFetch: typeof fetch = globalThis.fetch;

/** By the classes, not by names that only TypeScript's "dom" library has: for whom compiles against @types/node alone. */
export type HeadersInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;
export type BodyInit = NonNullable<ConstructorParameters<typeof Response>[0]>;

type Class = { new (...args: never[]): object; readonly prototype: object };

/**
 * Gives a light class the face of the native one it stands in for: its name, its place in the prototype chain (a light
 * object is `instanceof` the native class, and a native object `instanceof` the light one), enumerable members.
 */
export function standInFor(light: Class, native: Class, name: string): void {
  Object.setPrototypeOf(light.prototype, native.prototype);
  Object.defineProperty(light, "name", { value: name, configurable: true });
  Object.defineProperty(light.prototype, Symbol.toStringTag, { value: name, configurable: true });
  Object.defineProperty(light, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      return Function.prototype[Symbol.hasInstance].call(this, value) || (this === light && value instanceof native);
    },
    configurable: true,
  });
  for (const key of Object.getOwnPropertyNames(light.prototype)) {
    if (key !== "constructor") Object.defineProperty(light.prototype, key, { enumerable: true });
  }
  for (const key of Object.getOwnPropertyNames(light)) {
    if (!["length", "name", "prototype"].includes(key)) Object.defineProperty(light, key, { enumerable: true });
  }
}

/** Makes `structuredClone` and `postMessage` refuse an object, where Node lets us (22.10 and later): +15 ns. */
export const refuseCloning: (object: object) => void =
  (threads as { markAsUncloneable?: (object: object) => void }).markAsUncloneable ?? (() => {});

/** Throws the `TypeError` of a call with too few arguments. */
export function requireArguments(given: number, wanted: number, method: string): void {
  if (given < wanted) throw new TypeError(`${method} needs ${wanted} argument${wanted > 1 ? "s" : ""}, got ${given}`);
}

export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** What a value is, in the words of a message. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  return Object.prototype.toString.call(value);
}
