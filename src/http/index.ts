/**
 * What HTTP means in every version of it (RFC 9110), without I/O: fields, status codes, dates, hosts, paths,
 * preconditions, ranges, codings, types.
 */
export { preferredType, weightOfType } from "./accept.ts";
export { acceptedCodings, CODINGS, type Coding } from "./accept-encoding.ts";
export { isAuthority } from "./authority.ts";
export { evaluatePreconditions, hasPreconditions, ifRangeHolds, type Validators } from "./conditional.ts";
export { CORS_FIELDS, ISOLATION_FIELDS, isPreflight, PREFLIGHT_FIELDS } from "./cors.ts";
export { currentHttpDate, httpDate, parseHttpDate } from "./date.ts";
export { changeFields, type FieldChanges, joinChanges, objectionToField, parseFieldLine } from "./field-changes.ts";
export { FieldLines, NO_FIELDS, writeFieldLines } from "./field-lines.ts";
export { rawPath, rawQuery, readPath, type SitePath, writePath } from "./path.ts";
export { type ByteRange, contentRange, layOutParts, type Multipart, resolveRanges } from "./ranges.ts";
export { RequestHead } from "./request-head.ts";
export { ResponseHead } from "./response-head.ts";
export { isBodiless, REASONS } from "./status.ts";
