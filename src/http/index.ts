/** What HTTP means in every version of it (RFC 9110), without I/O: fields, status codes, dates, hosts, paths, preconditions. */
export { isAuthority } from "./authority.ts";
export { evaluatePreconditions, hasPreconditions, type Validators } from "./conditional.ts";
export { currentHttpDate, httpDate, parseHttpDate } from "./date.ts";
export { FieldLines, NO_FIELDS } from "./field-lines.ts";
export { rawPath, rawQuery, readPath, type SitePath, writePath } from "./path.ts";
export { RequestHead } from "./request-head.ts";
export { isBodiless, REASONS } from "./status.ts";
