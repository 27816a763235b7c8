/** How the live page looks: the colours are the example site's. */

export const STYLE = `:root {
  color-scheme: light dark;
  --paper: #f4efe4;
  --stone: #fbf7ee;
  --shade: #d9cfbd;
  --ink: #2a2521;
  --soft: #665c51;
  --line: #8b7f71;
  --accent: #97381b;
  --good: #2f6b3a;
  --wait: #b98a2e;
  --send: #5b7f95;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #13151a;
    --stone: #1c1f25;
    --shade: #2a2e35;
    --ink: #e9e1d2;
    --soft: #a89f90;
    --line: #77726a;
    --accent: #ecb65c;
    --good: #8cc79a;
    --wait: #d9a94a;
    --send: #7fa9c2;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  padding: 0 clamp(1rem, 3vw, 2.5rem) 3rem;
  background: var(--paper);
  color: var(--ink);
  font: 0.9375rem / 1.5 system-ui, sans-serif;
}
header, main { max-width: 84rem; margin-inline: auto; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1.25rem; padding: 1rem 0 0.5rem; }
h1 { margin: 0; font-size: 1.375rem; }
h1 span { color: var(--soft); font-size: 0.9375rem; font-weight: normal; }
h2 { margin: 2rem 0 0.75rem; font-size: 1.0625rem; }
p { margin: 0.25rem 0; }
#status { margin: 0; flex: 1; }
#status::before { content: ""; display: inline-block; width: 0.6em; height: 0.6em; margin-right: 0.5em; border-radius: 50%; background: var(--line); }
#status.live::before { background: var(--good); }
#status.lost::before { background: var(--accent); }
button, input {
  font: inherit;
  color: inherit;
  background: var(--stone);
  border: 1px solid var(--line);
  border-radius: 0.25rem;
  padding: 0.25rem 0.75rem;
  min-height: 2rem;
}
button { cursor: pointer; }
button[aria-pressed="true"] { background: var(--ink); color: var(--paper); }
button[aria-pressed="true"] :is(b, small) { color: inherit; }
input[type="checkbox"] { min-height: 0; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }

#figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(6.5rem, 1fr)); gap: 0.75rem; margin: 0; }
#figures div { background: var(--stone); border: 1px solid var(--shade); border-radius: 0.375rem; padding: 0.5rem 0.75rem; }
#figures dt { color: var(--soft); font-size: 0.8125rem; }
#figures dd { margin: 0; font-size: 1.375rem; font-variant-numeric: tabular-nums; }
#figures svg { display: block; width: 100%; height: 1.5rem; stroke: var(--send); fill: none; stroke-width: 1.5; }

#machine { display: grid; grid-template-columns: repeat(auto-fit, minmax(6rem, 1fr)); gap: 0.5rem; }
#machine button { display: grid; align-content: start; text-align: left; padding: 0.375rem 0.75rem; }
#machine b { font-size: 1.125rem; font-variant-numeric: tabular-nums; }
#machine .zero b { color: var(--soft); font-weight: normal; }
.bar { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0.25rem 1rem; margin: 0.75rem 0 0.25rem; }
.bar label { color: var(--soft); }

table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 0.625rem; text-align: left; vertical-align: baseline; border-bottom: 1px solid var(--shade); }
th { color: var(--soft); font-size: 0.8125rem; font-weight: normal; }
.n { text-align: right; white-space: nowrap; }
td.client, td.line, td.kernel { font-family: var(--mono); font-size: 0.8125rem; overflow-wrap: anywhere; }
td.client button { border: 0; padding: 0.125rem 0; min-height: 1.5rem; background: none; text-decoration: underline; text-underline-offset: 0.2em; font: inherit; text-align: left; }
tr.gone td { color: var(--soft); }
.bad { color: var(--accent); font-weight: 600; }
.phases { display: inline-flex; vertical-align: middle; width: 6rem; height: 0.625rem; margin-right: 0.5rem; background: var(--shade); }
.phases i, .key i { background: var(--wait); }
.phases i.send, .key i.send { background: var(--send); }
.key { color: var(--soft); font-size: 0.8125rem; }
.key i { display: inline-block; width: 1.5em; height: 0.625em; margin: 0 0.25em 0 0.75em; }
.key i:first-child { margin-left: 0; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 0 2rem; }
.list { list-style: none; margin: 0; padding: 0; }
.list li { display: flex; justify-content: space-between; gap: 1rem; padding: 0.25rem 0; border-bottom: 1px solid var(--shade); overflow-wrap: anywhere; }
#kernel { display: flex; flex-wrap: wrap; gap: 0.5rem; }
#kernel div { min-width: 8.5rem; padding: 0.375rem 0.75rem; background: var(--stone); border: 1px solid var(--shade); border-radius: 0.375rem; }
#kernel code { font-size: 0.8125rem; }
#kernel b { display: block; font-size: 1.125rem; font-variant-numeric: tabular-nums; }
#kernel small, .soft { color: var(--soft); }

dialog { width: min(44rem, calc(100vw - 2rem)); max-height: calc(100dvh - 2rem); padding: 1rem 1.25rem; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 0.5rem; }
dialog::backdrop { background: rgb(0 0 0 / 0.45); }
dialog form { float: right; }
dialog h2 { margin: 0.25rem 0; font-family: var(--mono); overflow-wrap: anywhere; }
#life-diagram { display: grid; grid-template-columns: minmax(6rem, 1fr) minmax(9rem, 1.6fr) minmax(6rem, 1fr); margin-top: 0.75rem; font-size: 0.8125rem; }
#life-diagram > * { padding: 0.25rem 0.5rem; min-height: 1.9rem; }
#life-diagram .end { font-weight: 600; font-size: 0.9375rem; border-bottom: 2px solid var(--line); }
#life-diagram .left { text-align: right; border-right: 2px solid var(--line); color: var(--soft); }
#life-diagram .right { border-left: 2px solid var(--line); color: var(--soft); }
#life-diagram .arrow { position: relative; text-align: center; padding-bottom: 0.625rem; overflow-wrap: anywhere; }
#life-diagram .arrow::before { content: ""; position: absolute; left: 0; right: 0; bottom: 0.25rem; border-top: 1.5px solid currentColor; }
#life-diagram .arrow::after { content: ""; position: absolute; bottom: calc(0.25rem - 0.3rem); border: 0.3rem solid transparent; }
#life-diagram .in::after { right: -0.3rem; border-left-color: currentColor; }
#life-diagram .out::after { left: -0.3rem; border-right-color: currentColor; }
#life-diagram .note { text-align: center; color: var(--soft); }
#life-diagram .note::before, #life-diagram .note::after { content: none; }
#life-diagram .here { color: var(--accent); font-weight: 600; }
#life-diagram .later { opacity: 0.55; }
#life-diagram .later.arrow::before { border-top-style: dashed; }

#bytes { list-style: none; margin: 0; padding: 0; }
#bytes pre { margin: 0.25rem 0 0.75rem; padding: 0.5rem 0.75rem; font: 0.8125rem / 1.45 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; background: var(--stone); border-left: 3px solid var(--send); }
#bytes i { color: var(--soft); font-style: normal; }
#bytes .in pre { border-color: var(--wait); }

@media (max-width: 48rem) {
  thead { display: block; position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { display: flex; flex-wrap: wrap; gap: 0 0.875rem; padding: 0.375rem 0; border-bottom: 1px solid var(--shade); }
  tbody td { border: 0; padding: 0.125rem 0; text-align: left; }
  tbody td[data-label]::before { content: attr(data-label) " "; color: var(--soft); font-family: system-ui, sans-serif; }
  tbody td.wide { flex-basis: 100%; }
  tbody td.line { order: -1; }
  #filter { width: 11rem; }
  #figures { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 0.5rem; }
  #figures div { padding: 0.375rem 0.5rem; }
  #figures dd { font-size: 1.125rem; }
  #life-diagram { grid-template-columns: auto minmax(0, 1fr) auto; font-size: 0.6875rem; }
  #life-diagram > * { padding-inline: 0.25rem; }
}
@media (prefers-reduced-motion: no-preference) {
  #status.live::before { animation: beat 2s infinite; }
  @keyframes beat { 50% { opacity: 0.4; } }
}
`;
