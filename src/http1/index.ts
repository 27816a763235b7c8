/** HTTP/1.1 message syntax (RFC 9112), without I/O: the server's halves and the client's. */
export { FAULTS, type Fault, type FaultCode } from "../core/faults.ts";
export { DEFAULT_LIMITS, type Limits } from "../core/options.ts";
export { CHUNK, ChunkedDecoder } from "./chunked.ts";
export { chunkLine, EncodedFields, encodeFields, LENGTH, lastChunk, type MadeOfFields } from "./field-encoder.ts";
export { FieldScanner, SCAN } from "./field-scanner.ts";
export {
  CODING,
  FRAMING,
  receivedResponseFraming,
  requestFraming,
  responseFraming,
  sentRequestFraming,
} from "./framing.ts";
export { encodeRequestHead } from "./request-encoder.ts";
export { RequestParser } from "./request-parser.ts";
export { encodeHead, encodeWhole, statusLine } from "./response-encoder.ts";
export { DEFAULT_RESPONSE_LIMITS, type ResponseLimits, ResponseParser } from "./response-parser.ts";
export { STEP, type Step } from "./step.ts";
