/** The body that `--data` and its like make. */
import { createReadStream, statSync } from "node:fs";
import { readFile } from "node:fs/promises";

/** How the data of each flag is read. */
export const DATA_FLAGS = { data: "text", "data-binary": "bytes" } as const;

export interface Data {
  readonly text: string;
  readonly kind: (typeof DATA_FLAGS)[keyof typeof DATA_FLAGS];
}

export interface FormBody {
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** Bytes. */
  readonly length: number;
}

/** What is sent; `null` without data. @throws the file system's error, which names the file. */
export async function bodyOf(data: readonly Data[]): Promise<FormBody | null> {
  if (data.length === 0) return null;
  const file = data.length === 1 ? streamed(data[0]!) : null;
  if (file !== null) return file;
  const pieces: Uint8Array[] = [];
  for (const [at, each] of data.entries()) {
    if (at > 0) pieces.push(Buffer.from("&"));
    pieces.push(await read(each));
  }
  const body = Buffer.concat(pieces);
  return { body, length: body.length };
}

/** A file that is sent as it is does not have to be in memory. */
function streamed({ text, kind }: Data): FormBody | null {
  const path = text.slice(1);
  if (kind !== "bytes" || !text.startsWith("@") || path === "-") return null;
  const stats = statSync(path);
  return stats.isFile() ? { body: createReadStream(path), length: stats.size } : null;
}

async function read({ text, kind }: Data): Promise<Uint8Array> {
  if (!text.startsWith("@")) return Buffer.from(text);
  const path = text.slice(1);
  const bytes = path === "-" ? await readInput() : await readFile(path);
  // The line ends of a text file, and what else would end a string in C.
  return kind === "bytes" ? bytes : bytes.filter((byte) => byte !== 0x0a && byte !== 0x0d && byte !== 0);
}

async function readInput(): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}
