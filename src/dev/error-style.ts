/** How a page about an error looks: the colours of the example site, by day and by night. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f4efe4; --stone: #fbf7ee; --shade: #e3d9c8; --ink: #2a2521; --soft: #665c51; --accent: #97381b;
  --mark: #f6dcd0; --string: #3f6212; --keyword: #7c2d8a; --number: #1d4f91; --comment: #746a5f;
  --sans: system-ui, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #13151a; --stone: #1c1f25; --shade: #2f333b; --ink: #e9e1d2; --soft: #a89f90; --accent: #f0906e;
    --mark: #4a2a20; --string: #b5cf8b; --keyword: #d3a4e0; --number: #9ec3f5; --comment: #9a9184;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 var(--sans); }
header, main { max-width: 64rem; margin-inline: auto; padding-inline: clamp(1rem, 4vw, 2.5rem); }
header { display: flex; align-items: center; justify-content: space-between; gap: 1rem; padding-block: 1.25rem; }
header p { margin: 0; font-weight: 600; color: var(--accent); }
header span { margin-left: 0.5em; font-weight: 400; color: var(--soft); }
button { padding: 0.4rem 0.9rem; border: 1px solid var(--soft); border-radius: 6px; background: var(--stone);
  color: inherit; font: inherit; cursor: pointer; white-space: nowrap; }
button:hover { border-color: var(--ink); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
section { margin-block: 0 2.5rem; }
h1, h2 { margin: 0 0 1rem; line-height: 1.3; overflow-wrap: anywhere; white-space: pre-wrap; text-wrap: pretty; }
h1 { font-size: clamp(1.4rem, 3.5vw, 2rem); }
h2 { font-size: 1.25rem; }
h3 { margin: 1.25rem 0 0.5rem; font-size: 1rem; }
h1 span, h2 span { display: block; font: 600 1rem/1.6 var(--mono); color: var(--accent); }
h2 span:first-child:not(:only-child) { font-family: var(--sans); font-weight: 400; color: var(--soft); }
code, pre, dl { font-family: var(--mono); font-size: 0.875rem; }
ol { margin: 0; padding: 0; list-style: none; }
li + li, .others { margin-top: 0.5rem; }
li details, .bare { margin: 0; border: 1px solid var(--shade); border-radius: 8px; background: var(--stone); overflow: hidden; }
summary, .bare { padding: 0.5rem 0.9rem; overflow-wrap: anywhere; }
summary { cursor: pointer; }
summary b, .bare b { font-weight: 600; margin-right: 0.5em; }
summary code, .bare code { color: var(--soft); }
.others > summary { padding-inline: 0; color: var(--soft); }
.source { position: relative; border-top: 1px solid var(--shade); }
.source pre { margin: 0; padding: 0.5rem 0 0.75rem; overflow-x: auto; line-height: 1.6; tab-size: 4; }
.source pre > * { display: inline-block; min-width: 100%; padding-right: 1rem; background: none; color: inherit; white-space: pre; }
.source mark { background: var(--mark); }
.source i { display: inline-block; width: 3.5rem; margin-right: 1rem; padding-right: 0.5rem; text-align: right;
  font-style: normal; color: var(--soft); user-select: none; }
.source mark i { color: var(--accent); font-weight: 700; }
.source a { display: block; padding: 0.35rem 0.9rem; border-top: 1px solid var(--shade); color: var(--accent); font-size: 0.875rem; }
s { text-decoration: none; }
.string { color: var(--string); } .keyword { color: var(--keyword); }
.number { color: var(--number); } .comment { color: var(--comment); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1.25rem; margin: 0 0 1rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.line code { font-size: 1rem; font-weight: 600; overflow-wrap: anywhere; }
.body { margin: 0; padding: 0.75rem 0.9rem; border: 1px solid var(--shade); border-radius: 8px; background: var(--stone);
  overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 36rem) {
  header span { display: block; margin: 0; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.4rem; }
  .source i { width: 2.5rem; margin-right: 0.5rem; }
}
`;
