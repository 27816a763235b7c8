/** The two things about bytes that the language has no fast word for. Node's Buffer is used where there is one. */

interface Latin1Bytes extends Uint8Array {
  latin1Slice?(start: number, end: number): string;
}

/** The bytes as text, one character each. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  const native = bytes as Latin1Bytes;
  if (native.latin1Slice !== undefined) return native.latin1Slice(start, end);
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
