/** A film for tests: one picture a second, in a container that says where each of them is (RFC 8794, RFC 9559). */
import type { Page } from "playwright-core";

/** Bars of a picture: its second as a number of so many bits, black and white, which no codec mistakes. */
export const BARS = 6;
/** Of a bar, and of a picture's height, in pixels. */
export const BAR = 16;

/**
 * Encodes pictures by the browser's own encoder, each by itself (VP8).
 * @param page in a secure context
 */
export function encodePictures(page: Page, seconds: number): Promise<string[]> {
  return page.evaluate(
    async ([seconds, bars, bar]) => {
      const pictures: string[] = [];
      const encoder = new VideoEncoder({
        output: (chunk) => {
          const bytes = new Uint8Array(chunk.byteLength);
          chunk.copyTo(bytes);
          pictures.push(btoa(String.fromCharCode(...bytes)));
        },
        error: (error) => console.error(error),
      });
      encoder.configure({ codec: "vp8", width: bars * bar, height: bar, bitrate: 1_000_000 });
      const canvas = new OffscreenCanvas(bars * bar, bar);
      const context = canvas.getContext("2d")!;
      for (let second = 0; second < seconds; second++) {
        for (let bit = 0; bit < bars; bit++) {
          context.fillStyle = (second >> bit) & 1 ? "white" : "black";
          context.fillRect(bit * bar, 0, bar, bar);
        }
        const frame = new VideoFrame(canvas, { timestamp: second * 1_000_000 });
        encoder.encode(frame, { keyFrame: true });
        frame.close();
      }
      await encoder.flush();
      return pictures;
    },
    [seconds, BARS, BAR] as const,
  );
}

/** @param padding bytes of nothing after each picture, so that the film is long in bytes, too */
export function webm(pictures: readonly string[], padding: number): Buffer {
  const clusters = pictures.map((picture, second) => {
    const block = Buffer.concat([Buffer.of(0x81, 0, 0, 0x80), Buffer.from(picture, "base64")]);
    const cluster = element(0x1f43b675, element(0xe7, integer(second * 1000)), element(0xa3, block));
    return Buffer.concat([cluster, element(0xec, Buffer.alloc(padding))]);
  });
  const duration = Buffer.alloc(8);
  duration.writeDoubleBE(pictures.length * 1000);
  const info = element(
    0x1549a966,
    ...[element(0x2ad7b1, integer(1_000_000)), element(0x4489, duration)],
    ...[element(0x4d80, text("test")), element(0x5741, text("test"))],
  );
  const video = element(0xe0, element(0xb0, integer(BARS * BAR)), element(0xba, integer(BAR)));
  const track = [element(0xd7, integer(1)), element(0x73c5, integer(1)), element(0x83, integer(1))];
  const tracks = element(0x1654ae6b, element(0xae, ...track, element(0x86, text("V_VP8")), video));
  // Positions count from the segment's content; all integers are of one width, so the length is known beforehand.
  let at = info.length + tracks.length + cues(pictures.map(() => 0)).length;
  const positions = clusters.map(({ length }) => {
    const position = at;
    at += length;
    return position;
  });
  return Buffer.concat([
    element(0x1a45dfa3, element(0x4282, text("webm")), element(0x4287, integer(2)), element(0x4285, integer(2))),
    element(0x18538067, info, tracks, cues(positions), ...clusters),
  ]);
}

/** Where to find the picture of each second. */
function cues(positions: readonly number[]): Buffer {
  const points = positions.map((position, second) => {
    const place = element(0xb7, element(0xf7, integer(1)), element(0xf1, integer(position)));
    return element(0xbb, element(0xb3, integer(second * 1000)), place);
  });
  return element(0x1c53bb6b, ...points);
}

/** An element: its identifier, its length in eight bytes, and what it holds. */
function element(id: number, ...content: readonly Buffer[]): Buffer {
  const identifier = Buffer.from(id.toString(16), "hex");
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(0x0100000000000000n | BigInt(content.reduce((sum, piece) => sum + piece.length, 0)));
  return Buffer.concat([identifier, length, ...content]);
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.from(value, "latin1");
}
