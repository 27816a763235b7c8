/** What a file is, by the last extension of its name. */
import { extname } from "node:path";
import { lookup } from "mime-types";

/**
 * Sources without a type of their own, or with one that another use of the name has: `.ts` is TypeScript's here, not a
 * video's. As plain text every browser shows them, and a runtime that imports them goes by the name.
 */
const SOURCES =
  ".ts .mts .cts .tsx .vue .svelte .astro .py .rb .go .rs .swift .kt .bash .zsh .jsonc .graphql .gql .proto .lock .diff .patch";

/** Where the registered type is not what a name means on the web. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ...SOURCES.split(" ").map((extension) => [extension, "text/plain"] as const),
  // Builds for old pages have this name, and with `nosniff` no browser runs what is `application/node`.
  [".cjs", "text/javascript"],
]);

/** Types whose content is text without saying so in their name. */
const TEXT = /^text\/|\+(?:json|xml)$|^application\/(?:json|xml|javascript|json5|toml|x-sh|x-httpd-php)$/;

/**
 * The Content-Type of a file of this name. Text is taken for UTF-8, which the field has to say: without it browsers
 * guess by locale. A name that tells nothing is bytes, and `nosniff` makes browsers believe that.
 */
export function contentType(name: string): string {
  const type = knownType(name) ?? "application/octet-stream";
  return TEXT.test(type) ? `${type}; charset=utf-8` : type;
}

/** The type that the extension of a name stands for; `null` if it stands for none. */
export function knownType(name: string): string | null {
  // The extension alone: the library takes a whole name without a dot, such as "css", for an extension too.
  const extension = extname(name).toLowerCase();
  return TYPES.get(extension) ?? (lookup(extension) || null);
}

/** Types that are neither text nor compressed already: outline fonts, WebAssembly, bitmaps. */
const LOOSE =
  /^font\/(?:ttf|otf|collection)$|^application\/(?:wasm|vnd\.ms-fontobject)$|^image\/(?:bmp|vnd\.microsoft\.icon)$/;

/** Whether files of this Content-Type get shorter by compression. */
export function isCompressible(type: string): boolean {
  return type.includes("charset=") || LOOSE.test(type);
}
