/** How an application ends what it holds: databases, timers, connections that it has taken over. */
import { type Exported, type Exports, isFunction, member } from "./exports.ts";
import type { Found } from "./interfaces.ts";

/**
 * What is to be called when the last request is over; `undefined` if there is nothing. The application's own `close()`, as
 * Fastify has one, goes before the module's, which may end what the application uses.
 */
export function closeOf({ main, module }: Exports, found: Found): (() => Promise<void>) | undefined {
  const own = methodOf(main, "close") ?? methodOf(main, Symbol.asyncDispose);
  // Of a CommonJS module, both may be the same.
  const beside = module.close === member(main, "close") ? undefined : methodOf(module, "close");
  const first = found.close ?? own;
  if (first === undefined && beside === undefined) return undefined;
  return async () => {
    try {
      await first?.();
    } finally {
      await beside?.();
    }
  };
}

function methodOf(exported: Exported | undefined, name: string | symbol): (() => unknown) | undefined {
  const method = member(exported, name);
  return isFunction(method) ? () => method.call(exported) : undefined;
}
