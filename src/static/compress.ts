/** Compression on the fly, in the thread pool: of whole bodies, whose results are worth keeping. */
import * as zlib from "node:zlib";
import type { Coding } from "../http/accept-encoding.ts";

/** Below it, head and body are one packet with or without. nginx starts at 20 bytes, Caddy at 512. */
export const MIN_SIZE = 1024;

/**
 * Bytes that may be under compression at a time, in the whole process: beyond it, plain bytes are the faster answer, and
 * neither memory nor the threads that read files are taken up.
 */
const MAX_PENDING = 8 * 1024 * 1024;

type Compress = (bytes: Uint8Array, done: (error: Error | null, result: Buffer) => void) => void;

const { BROTLI_PARAM_QUALITY: QUALITY, BROTLI_PARAM_SIZE_HINT: SIZE_HINT } = zlib.constants;

/** Kept results may take some effort. 1 MiB of JavaScript: brotli 5 takes 25 ms, 11 takes 2 s and saves another 10 %. */
const COMPRESSORS: Readonly<Record<Coding, Compress | undefined>> = {
  br: (bytes, done) => zlib.brotliCompress(bytes, { params: { [QUALITY]: 5, [SIZE_HINT]: bytes.length } }, done),
  // From Node 22.15 on.
  zstd: (zlib as { zstdCompress?: Compress }).zstdCompress,
  gzip: (bytes, done) => zlib.gzip(bytes, done),
};

let pending = 0;

export function canCompress(coding: Coding, size: number): boolean {
  return COMPRESSORS[coding] !== undefined && size >= MIN_SIZE && pending + size <= MAX_PENDING;
}

/** Compresses; gives `null` when that fails or saves nothing. Whether it can is to be asked before. */
export function compress(coding: Coding, bytes: Uint8Array): Promise<Uint8Array | null> {
  pending += bytes.length;
  return new Promise((resolve) => {
    COMPRESSORS[coding]!(bytes, (error, result) => {
      pending -= bytes.length;
      resolve(error === null && result.length < bytes.length ? result : null);
    });
  });
}
