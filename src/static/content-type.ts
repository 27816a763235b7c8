/** What a file is, by the last extension of its name. */
import { extname } from "node:path";
import { lookup } from "mime-types";

/** Types whose content is text without saying so in their name. */
const TEXT = /^text\/|\+(?:json|xml)$|^application\/(?:json|xml|javascript|json5|toml|x-sh|x-httpd-php)$/;

/**
 * The Content-Type of a file of this name. Text is taken for UTF-8, which the field has to say: without it browsers
 * guess by locale. A name that tells nothing is bytes, and `nosniff` makes browsers believe that.
 */
export function contentType(name: string): string {
  // The extension alone: the library takes a whole name without a dot, such as "css", for an extension too.
  const type = lookup(extname(name)) || "application/octet-stream";
  return TEXT.test(type) ? `${type}; charset=utf-8` : type;
}

/** Types that are neither text nor compressed already: outline fonts, WebAssembly, bitmaps. */
const LOOSE =
  /^font\/(?:ttf|otf|collection)$|^application\/(?:wasm|vnd\.ms-fontobject)$|^image\/(?:bmp|vnd\.microsoft\.icon)$/;

/** Whether files of this Content-Type get shorter by compression. */
export function isCompressible(type: string): boolean {
  return type.includes("charset=") || LOOSE.test(type);
}
