/** An error as a page. It is whole without its script, and asks for nothing but itself. */

import { editorUrl } from "./editor.ts";
import { asText, type Described, type Details } from "./error-details.ts";
import { STYLE } from "./error-style.ts";
import { type Frame, shown, sourceAround } from "./frames.ts";
import { highlighted } from "./highlight.ts";

/** Frames whose sources are shown. */
const SHOWN = 12;

export function errorPage(details: Details): string {
  const { title, errors, request } = details;
  const [first] = errors;
  const heading = `${first!.name === "" ? "" : `${first!.name}: `}${first!.message}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${html(heading.split("\n", 1)[0]!.slice(0, 120))}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<header>
<p>${html(title)} <span>Portico, in development</span></p>
<button type="button" hidden>Copy as text</button>
</header>
<main>
${errors.map(errorSection).join("\n")}
<section aria-labelledby="request">
<h2 id="request">Request</h2>
<p class="line"><code>${html(request.line)}</code></p>
<dl>${request.fields.map(([name, value]) => `<dt>${html(name)}</dt><dd>${html(value)}</dd>`).join("\n")}</dl>
${request.body === "" ? "" : `<h3>Body</h3>\n<pre class="body" tabindex="0">${html(request.body)}</pre>`}
</section>
</main>
<template>${html(asText(details))}</template>
<script>(${copyAsText})()</script>
</body>
</html>
`;
}

function errorSection({ name, message, properties, frames, relation }: Described, index: number): string {
  const level = index === 0 ? "h1" : "h2";
  const label = [relation, name].filter((word) => word !== "").map((word) => `<span>${html(word)}</span>`);
  const given = Object.entries(properties).map(
    ([key, value]) => `<dt>${html(key)}</dt><dd>${html(String(value))}</dd>`,
  );
  return `<section class="error">
<${level}>${label.join("")}${html(message)}</${level}>
${given.length === 0 ? "" : `<dl>${given.join("\n")}</dl>`}
${framesSection(frames)}
</section>`;
}

/** The application's own first, the innermost of them open; what it was called by, or has called, folded away. */
function framesSection(frames: readonly Frame[]): string {
  const own = frames.filter(({ owner }) => owner === "application");
  const others = frames.filter(({ owner }) => owner !== "application");
  const rest = others.map((frame) => frameItem(frame, false)).join("\n");
  const summary = `${others.length} ${others.length === 1 ? "frame" : "frames"} of libraries, Portico and Node`;
  return `<ol>${own.map((frame, index) => frameItem(frame, index === 0, index < SHOWN)).join("\n")}</ol>
${others.length === 0 ? "" : `<details class="others"><summary>${summary}</summary><ol>${rest}</ol></details>`}`;
}

function frameItem(frame: Frame, isOpen: boolean, hasSource = true): string {
  const lines = hasSource ? sourceAround(frame) : [];
  const { name, file, line, column } = frame;
  const where = `<code>${html(shown(file))}:${line}:${column}</code>`;
  const what = name === "" ? where : `<b>${html(name)}</b> ${where}`;
  if (lines.length === 0) return `<li><p class="bare">${what}</p></li>`;
  const source = lines.map(({ number, text }) => {
    const content = `<i>${number}</i>${highlighted(text)}`;
    return number === line ? `<mark>${content}</mark>` : `<span>${content}</span>`;
  });
  const open = `<a href="${html(editorUrl(frame, process.env))}">Open in editor</a>`;
  return `<li><details${isOpen ? " open" : ""}><summary>${what}</summary>
<div class="source"><pre tabindex="0">${source.join("\n")}</pre>${open}</div></details></li>`;
}

/** Text as HTML, between tags and in attributes. */
export function html(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Runs in the page. */
function copyAsText(): void {
  const button = document.querySelector("button")!;
  const text = document.querySelector("template")!.content.textContent!;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without a secure origin there is no clipboard but the one of a selection.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy as text"), 2000);
  });
}
