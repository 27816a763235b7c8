/** Files as an application. */
export { type FilesOptions, files } from "./files.ts";
