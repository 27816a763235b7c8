/** A web font for tests (WOFF File Format 2.0), of a TrueType font that comes with the browser's driver. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";

const DRIVER = fileURLToPath(new URL("../../node_modules/playwright-core", import.meta.url));

export function anyTrueType(): Buffer {
  const name = readdirSync(DRIVER, { recursive: true, encoding: "utf8" }).find((name) => name.endsWith(".ttf"));
  return readFileSync(join(DRIVER, name!));
}

/** Packs a font's tables as they are. */
export function woff2(font: Buffer): Buffer {
  const tables = Array.from({ length: font.readUInt16BE(4) }, (_, index) => {
    const at = 12 + index * 16;
    const [offset, length] = [font.readUInt32BE(at + 8), font.readUInt32BE(at + 12)];
    return { tag: font.toString("latin1", at, at + 4), content: font.subarray(offset, offset + length) };
  });
  const directory = tables.map(({ tag, content }) => {
    // No known tag (§4.1): it follows. For glyf and loca, it is 3 that says "not transformed" (§5).
    const flags = 63 | (tag === "glyf" || tag === "loca" ? 3 << 6 : 0);
    return Buffer.concat([Buffer.of(flags), Buffer.from(tag, "latin1"), base128(content.length)]);
  });
  const packed = brotliCompressSync(Buffer.concat(tables.map(({ content }) => content)));
  const size = 48 + directory.reduce((sum, { length }) => sum + length, 0) + packed.length;
  const padding = Buffer.alloc(-size & 3);
  const header = Buffer.alloc(48);
  header.write("wOF2");
  header.writeUInt32BE(font.readUInt32BE(0), 4);
  header.writeUInt32BE(size + padding.length, 8);
  header.writeUInt16BE(tables.length, 12);
  header.writeUInt32BE(font.length, 16);
  header.writeUInt32BE(packed.length, 20);
  return Buffer.concat([header, ...directory, packed, padding]);
}

/** Seven bits to a byte, the last without the top bit. */
function base128(value: number): Buffer {
  const bytes = [value & 127];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 127) | 128);
  return Buffer.from(bytes);
}
