/**
 * A directory as a page. It is whole without its script, and asks for nothing but itself: icons and style are in it. Names
 * are written by whoever may write files, so none of them is trusted.
 */
import { setImmediate } from "node:timers/promises";
import { writePath } from "../http/path.ts";
import { type Contents, type Entry, MAX_ENTRIES } from "./directory.ts";
import { ICON_RULES, iconOf } from "./icons.ts";
import type { Order } from "./listing.ts";
import { enhance } from "./listing-script.ts";
import { STYLE } from "./listing-style.ts";
import { escapeHtml, PALETTE, securityPolicy } from "./page.ts";

const CSS = PALETTE + STYLE + ICON_RULES;
const SCRIPT = `(${enhance})()`;

export const PAGE_POLICY = securityPolicy(CSS, SCRIPT);

/**
 * @param names of the path as it was asked for
 * @param depth how many of them are below the root: no link leads further up
 * @param contents in the order to show them in
 */
export async function listingPage(
  names: readonly string[],
  depth: number,
  contents: Contents,
  order: Order,
): Promise<string> {
  const { entries } = contents;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${showName(`/${names.map((name) => `${name}/`).join("")}`)}</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(FAVICON)}">
<style>${CSS}</style>
</head>
<body>
<header>
<nav aria-label="Path"><h1>${breadcrumb(names, depth)}</h1></nav>
<input type="search" placeholder="Filter" aria-label="Filter by name" aria-keyshortcuts="/" autocomplete="off" spellcheck="false">
</header>
<main>
<form id="order"></form>
<table>
<thead><tr>${COLUMNS.map((column) => heading(column, order)).join("")}</tr></thead>
${depth === 0 ? "" : UP}<tbody>
${await rows(entries)}</tbody>
</table>
${entries.length === 0 ? '<p class="empty">Nothing here.</p>\n' : ""}</main>
<footer><p role="status">${summary(contents)}</p><p class="keys"><kbd>↑</kbd> <kbd>↓</kbd> <kbd>Enter</kbd> to walk, <kbd>Backspace</kbd> to go up, <kbd>/</kbd> to filter</p></footer>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** Relative, so that it holds behind a proxy that cuts paths; with a dot before it, so that `a:b` is no scheme. */
export function linkTo({ name, isDirectory }: Entry): string {
  return `.${writePath({ names: [name], directory: isDirectory })}`;
}

const FAVICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M1.5 3.5h4.5l1.5 2h7v8h-13z" fill="#c8862f"/></svg>`;

const UP = `<tbody><tr><th scope="row"><a href="../" class="up" rel="up" aria-label="Parent directory"><bdi>..</bdi></a></th><td></td><td></td></tr></tbody>
`;

const COLUMNS = [
  { column: "name", label: "Name" },
  { column: "size", label: "Size" },
  { column: "date", label: "Modified <small>UTC</small>" },
] as const;

/** A column's heading sorts by it: names from A on at first, but the largest and the newest before others. */
function heading({ column, label }: (typeof COLUMNS)[number], order: Order): string {
  const isSorted = order.endsWith(column);
  const isDescending = order.startsWith("-");
  const next = (isSorted ? isDescending : column === "name") ? column : `-${column}`;
  const sorted = isSorted ? ` aria-sort="${isDescending ? "descending" : "ascending"}"` : "";
  return `<th scope="col"${sorted}><button form="order" name="sort" value="${next}">${label}</button></th>`;
}

function breadcrumb(names: readonly string[], depth: number): string {
  const top = names.length - depth;
  const crumbs = [{ name: top === 0 ? "Files" : `/${names.slice(0, top).join("/")}`, up: depth }];
  for (const [at, name] of names.slice(top).entries()) crumbs.push({ name, up: depth - at - 1 });
  return crumbs
    .map(({ name, up }) => {
      const shown = `<bdi>${showName(name)}</bdi>`;
      return up === 0 ? `<span aria-current="page">${shown}</span>` : `<a href="${"../".repeat(up)}">${shown}</a>`;
    })
    .join("<i>/</i>");
}

/** Rows to a piece, between which the event loop goes round. To write one takes 3 µs. */
const PIECE = 512;

async function rows(entries: readonly Entry[]): Promise<string> {
  let html = "";
  for (let at = 0; at < entries.length; at += PIECE) {
    if (at > 0) await setImmediate();
    html += entries
      .slice(at, at + PIECE)
      .map(row)
      .join("");
  }
  return html;
}

function row(entry: Entry): string {
  const { name, isDirectory, size, modified } = entry;
  const icon = isDirectory ? "dir" : iconOf(name);
  const shown = `<bdi>${showName(name)}${isDirectory ? "/" : ""}</bdi>`;
  const link = `<a href="${escapeHtml(linkTo(entry))}" class="${icon}">${shown}</a>`;
  const length = isDirectory ? "" : `<data value="${size}">${showSize(size)}</data>`;
  const date = new Date(modified).toISOString();
  const time = `<time datetime="${date}">${date.slice(0, 10)}<span> ${date.slice(11, 16)}</span></time>`;
  return `<tr><th scope="row">${link}</th><td>${length}</td><td>${time}</td></tr>\n`;
}

/**
 * Characters that show nothing by themselves, and of which some turn round what follows them, so that `exe.txt` may be a
 * program: controls, and format characters but the joiners that scripts and emoji need.
 */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;

/** Most names are of these alone. */
const PLAIN = /^[\w .()-]*$/;

/** A name as HTML, in which nothing is unseen. */
function showName(name: string): string {
  if (PLAIN.test(name)) return name;
  return escapeHtml(name).replace(UNSEEN, (character) => {
    const code = character.codePointAt(0)!;
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : `‹${code.toString(16).toUpperCase().padStart(4, "0")}›`;
  });
}

const UNITS = ["kB", "MB", "GB", "TB", "PB"] as const;

/** Three figures, decimal units: `1.24 MB`. */
export function showSize(size: number): string {
  if (size < 1000) return `${size} B`;
  let value = size / 1000;
  let unit = 0;
  // What rounds to 1000 is one of the next unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0)} ${UNITS[unit]}`;
}

function summary({ entries, truncated }: Contents): string {
  const files = entries.filter(({ isDirectory }) => !isDirectory);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const parts = [
    count(entries.length - files.length, "directory", "directories"),
    count(files.length, "file", "files"),
  ];
  const all = `${parts.filter((part) => part !== "").join(", ") || "Empty"}${total > 0 ? `, ${showSize(total)}` : ""}`;
  const limit = MAX_ENTRIES.toLocaleString("en");
  return truncated ? `More than ${limit} names are here, and these are the first that the system gave: ${all}` : all;
}

function count(number: number, one: string, many: string): string {
  return number === 0 ? "" : `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}
