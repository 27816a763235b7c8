/** Pictures for kinds of files, 16 by 16, and which kind a name is of. */

const SHEET = '<path d="M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3"/>';

const DRAWINGS = {
  up: '<path d="M8 13.5V3M3.5 7 8 2.5 12.5 7"/>',
  dir: '<path d="M1.5 3.5H6l1.5 2h7v8h-13z" fill="#000" fill-opacity=".22"/>',
  file: SHEET,
  text: `${SHEET}<path d="M5.5 7.5h5M5.5 9.5h5M5.5 11.5h3"/>`,
  code: `${SHEET}<path d="M7 7.5l-1.75 2 1.75 2M9 7.5l1.75 2L9 11.5"/>`,
  image: '<path d="M1.5 2.5h13v11h-13zM1.5 11l3.5-3.5 3.5 3.5 2-2 4 4"/><circle cx="10.75" cy="5.75" r="1.25"/>',
  video: '<path d="M1.5 3h13v10h-13zM6.5 5.75v4.5L10.25 8z"/>',
  audio: '<path d="M6 12V3.5l7-1.5v8.5"/><circle cx="4.25" cy="12" r="1.75"/><circle cx="11.25" cy="10.5" r="1.75"/>',
  archive: '<path d="M2.5 6v8h11V6M1.5 2.5h13V6h-13zM6.5 8.75h3"/>',
} as const;

type Icon = keyof typeof DRAWINGS;

const ATTRIBUTES = 'viewBox="0 0 16 16" fill="none" stroke="#000" stroke-linejoin="round" stroke-linecap="round"';

/**
 * A rule for each kind, which puts its picture into `--icon`, to be a mask: of 10,000 pictures in the markup, by `<use>`, a
 * browser makes 10,000 trees.
 */
export const ICON_RULES = Object.entries(DRAWINGS)
  .map(([name, drawing]) => `.${name} { --icon: url("${dataUrl(drawing)}"); }\n`)
  .join("");

function dataUrl(drawing: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${ATTRIBUTES}>${drawing}</svg>`;
  return `data:image/svg+xml,${svg.replaceAll('"', "'").replace(/[<>#]/g, encodeURIComponent)}`;
}

const EXTENSIONS: Partial<Record<Icon, string>> = {
  text: "txt md rst pdf rtf doc docx odt xls xlsx ods ppt pptx odp epub csv tsv log",
  code: "html htm xhtml css scss less js mjs cjs jsx ts mts cts tsx json map xml yaml yml toml ini conf sh bash py rb php go rs c h cc cpp hpp java kt swift lua pl sql wasm vue svelte lock diff patch",
  image: "png jpg jpeg gif webp avif svg ico bmp tif tiff heic jxl",
  video: "mp4 m4v webm mkv mov avi ogv",
  audio: "mp3 m4a aac ogg oga opus wav flac",
  archive: "zip gz tgz bz2 xz zst br 7z rar tar deb rpm apk jar whl iso img dmg",
};

const BY_EXTENSION = new Map(
  Object.entries(EXTENSIONS).flatMap(([icon, extensions]) =>
    extensions.split(" ").map((extension) => [extension, icon as Icon] as const),
  ),
);

export function iconOf(name: string): Icon {
  return BY_EXTENSION.get(name.slice(name.lastIndexOf(".") + 1).toLowerCase()) ?? "file";
}
