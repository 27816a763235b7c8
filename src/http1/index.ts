/** HTTP/1.1 message syntax (RFC 9112), without I/O. */
export { FAULTS, type Fault, type FaultCode } from "../core/faults.ts";
export { DEFAULT_LIMITS, type Limits } from "../core/options.ts";
export { CHUNK, ChunkedDecoder } from "./chunked.ts";
export { FieldScanner, SCAN } from "./field-scanner.ts";
export { CODING, FRAMING, requestFraming, responseFraming } from "./framing.ts";
export { RequestParser, STEP, type Step } from "./request-parser.ts";
export { chunkLine, EncodedFields, encodeFields, encodeHead, lastChunk, statusLine } from "./response-encoder.ts";
