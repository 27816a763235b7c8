/** Resources for scripts of any origin, without credentials (Fetch standard, "CORS protocol"). */
import type { RequestHead } from "./request-head.ts";

/** On every response: everybody may read it, all its fields included. */
export const CORS_FIELDS: readonly string[] = Object.freeze([
  ...["Access-Control-Allow-Origin", "*"],
  ...["Access-Control-Expose-Headers", "*"],
]);

/** What a preflight is answered with. `*` covers every field but Authorization, which has to be named. */
export const PREFLIGHT_FIELDS: readonly string[] = Object.freeze([
  ...CORS_FIELDS,
  ...["Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"],
  ...["Access-Control-Allow-Headers", "*, Authorization"],
]);

/** Whether a browser asks by this request whether it may send another one. */
export function isPreflight({ method, fields }: RequestHead): boolean {
  return method === "OPTIONS" && fields.has("origin") && fields.has("access-control-request-method");
}

/**
 * What a page needs to be alone in its process, and to get SharedArrayBuffer and exact clocks for it: no window of another
 * origin in its group, and nothing in it that has not agreed (HTML standard, "Cross-origin isolation").
 */
export const ISOLATION_FIELDS: readonly string[] = Object.freeze([
  ...["Cross-Origin-Opener-Policy", "same-origin"],
  ...["Cross-Origin-Embedder-Policy", "require-corp"],
]);
