/** The pages, as text with holes; what comes from outside is escaped by `html`. */
import { html } from "hono/html";
import type { Link } from "./store.ts";

type Content = ReturnType<typeof html>;

function page(title: string, content: Content): Content {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/style.css">
</head>
<body>
<header><a href="/">Shortly</a></header>
<main>${content}</main>
</body>
</html>`;
}

export interface Attempt {
  readonly typed: string;
  readonly problem: string;
}

export function formPage(latest: readonly Link[], attempt?: Attempt): Content {
  const wrong = attempt && html`<p id="problem" role="alert">${attempt.problem}</p>`;
  return page(
    "Shortly",
    html`<h1>Make it short</h1>
<form method="post" action="/">
<label for="url">A long address</label>
<div class="row">
<input id="url" name="url" type="text" inputmode="url" autocomplete="off" spellcheck="false"
 placeholder="https://example.org/a/long/way/down" value="${attempt?.typed ?? ""}"
 ${attempt ? html`aria-invalid="true" aria-describedby="problem"` : ""}>
<button>Shorten</button>
</div>
${wrong ?? ""}
</form>
${latest.length === 0 ? "" : linkTable(latest)}`,
  );
}

function linkTable(links: readonly Link[]): Content {
  const rows = links.map(
    ({ code, url, clicks }) => html`<tr>
<td><a href="/${code}+">${code}</a></td><td class="long" title="${url}">${url}</td><td class="number">${clicks}</td>
</tr>`,
  );
  return html`<h2>Latest</h2>
<table>
<thead><tr><th>Short</th><th>Long</th><th class="number">Clicks</th></tr></thead>
<tbody>${rows}</tbody>
</table>`;
}

export function linkPage({ code, url, clicks, created }: Link, origin: string): Content {
  const short = `${origin}/${code}`;
  const day = new Date(created).toISOString();
  return page(
    `Shortly: ${code}`,
    html`<h1><a href="/${code}">${short}</a></h1>
<dl>
<dt>leads to</dt><dd class="whole">${url}</dd>
<dt>was clicked</dt><dd id="clicks">${clicks === 1 ? "once" : `${clicks} times`}</dd>
<dt>was made</dt><dd><time datetime="${day}">${day.slice(0, 10)}</time></dd>
</dl>
<p><a href="/">Another one</a></p>`,
  );
}

export function problemPage(title: string, text: string): Content {
  return page(`Shortly: ${title}`, html`<h1>${title}</h1><p>${text}</p><p><a href="/">To the beginning</a></p>`);
}
