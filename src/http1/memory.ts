/** The two things about bytes that the language has no fast word for. Node's Buffer is used where there is one. */

const nativeSlice: ((start: number, end: number) => string) | undefined =
  typeof Buffer === "undefined" ? undefined : Buffer.prototype.latin1Slice;

/** The bytes as text, one character each. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  if (nativeSlice !== undefined) return nativeSlice.call(bytes, start, end);
  let text = "";
  for (let at = start; at < end; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(at + 8192, end)));
  }
  return text;
}

/** Memory whose first content is undefined. */
export function allocate(size: number): Uint8Array {
  return typeof Buffer === "undefined" ? new Uint8Array(size) : Buffer.allocUnsafeSlow(size);
}
