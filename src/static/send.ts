/** The bytes of an open file: all at once for a small one, piece by piece to a client for any other. */
import { fstatSync, read, readSync } from "node:fs";
import type { Exchange } from "../gateway/contract.ts";
import type { ByteRange } from "../http/ranges.ts";
import type { OpenFile } from "./root.ts";

/** Bytes of a piece, and of the one buffer that a download has for as long as it lasts. */
export const PIECE_SIZE = 256 * 1024;

/**
 * Buffers of downloads that are over. Memory that was in use costs a fifth of fresh memory to read into, which the system
 * has to clear page by page: 1 MiB in 93 µs, not 473.
 */
const spareBuffers: Uint8Array[] = [];
const MAX_SPARE_BUFFERS = 16;

/** Reads a whole file; `null` if it changed meanwhile, so that what was read may be of two states. */
export function readWhole({ descriptor, stats }: OpenFile): Buffer | null {
  // Memory of its own: a slice of Node's pool would keep 8 KiB alive for the shortest file.
  const bytes = Buffer.allocUnsafeSlow(Number(stats.size));
  let at = 0;
  while (at < bytes.length) {
    const count = readSync(descriptor, bytes, at, bytes.length - at, at);
    if (count === 0) return null;
    at += count;
  }
  const after = fstatSync(descriptor, { bigint: true });
  return after.mtimeNs === stats.mtimeNs && after.size === stats.size ? bytes : null;
}

/**
 * Writes a range of an open file to a response that has started with a Content-Length. It does not end the response.
 *
 * A file that grows meanwhile is sent as far as it was promised. One that shrinks, or is written anew at the same size,
 * cuts the connection: the client must not take a mix of two states for a file.
 * @returns whether all of it was written: `false` when the connection was cut
 * @throws {DOMException} `AbortError` (rejects) when the client leaves
 */
export async function writePieces(exchange: Exchange, file: OpenFile, { start, stop }: ByteRange): Promise<boolean> {
  let buffer: Uint8Array | null = null;
  for (let at = start; at < stop; ) {
    buffer ??= spareBuffers.pop() ?? Buffer.allocUnsafeSlow(PIECE_SIZE);
    const count = await readPiece(file.descriptor, buffer, at, Math.min(PIECE_SIZE, stop - at));
    at += count;
    if (count === 0 || (at === stop && isRewritten(file))) {
      exchange.abort(new Error(`${file.path}: changed while it was sent`));
      return false;
    }
    // Only what was waited for is known to be sent, and may be written over.
    if (exchange.write(buffer.subarray(0, count))) buffer = null;
    else await exchange.drained();
  }
  if (buffer !== null && spareBuffers.length < MAX_SPARE_BUFFERS) spareBuffers.push(buffer);
  return true;
}

function readPiece(descriptor: number, buffer: Uint8Array, at: number, size: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(descriptor, buffer, 0, size, at, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}

function isRewritten({ descriptor, stats }: OpenFile): boolean {
  const now = fstatSync(descriptor, { bigint: true });
  return now.size < stats.size || (now.size === stats.size && now.mtimeNs !== stats.mtimeNs);
}
