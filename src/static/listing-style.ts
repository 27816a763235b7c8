/** How a listing looks; the colours and typefaces are in page.ts. */
export const STYLE = `html { scroll-padding: 4rem 0 2rem; }
body { max-width: 62rem; margin: 0 auto; padding: 2.5rem clamp(0.75rem, 4vw, 2.5rem) 2rem; background: var(--paper); color: var(--ink); font: 0.9375rem/1.4 var(--sans); text-size-adjust: 100%; -webkit-text-size-adjust: 100%; }
a { color: inherit; text-decoration: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
header { display: flex; flex-wrap: wrap; align-items: end; gap: 0.75rem 2rem; margin-bottom: 1.25rem; padding: 0 0.5rem; }
nav { flex: 1 1 20rem; min-width: 0; }
h1 { margin: 0; font: 400 clamp(1.375rem, 4vw, 1.875rem)/1.25 var(--serif); overflow-wrap: anywhere; }
h1 a { color: var(--soft); text-decoration: underline; text-decoration-color: var(--line); text-decoration-thickness: 1px; text-underline-offset: 0.2em; }
h1 a:hover { color: var(--accent); text-decoration-color: currentColor; }
h1 i { margin: 0 0.3em; color: var(--soft); font-style: normal; opacity: 0.6; }
[type=search] { display: none; flex: 0 1 14rem; min-width: 0; padding: 0.4rem 0.7rem; border: 1px solid var(--line); border-radius: 6px; background: transparent; color: inherit; font: inherit; appearance: none; }
.enhanced [type=search] { display: block; }
::placeholder { color: var(--soft); opacity: 1; }
table { width: 100%; table-layout: fixed; border-collapse: separate; border-spacing: 0; font-variant-numeric: tabular-nums; }
thead th { position: sticky; z-index: 1; top: 0; padding: 0; border-bottom: 1px solid var(--line); background: var(--paper); }
button { width: 100%; padding: 0.6rem 0.5rem; border: 0; background: none; color: var(--soft); font: inherit; font-size: 0.8125rem; text-align: inherit; cursor: pointer; white-space: nowrap; }
button:hover, [aria-sort] button { color: var(--ink); }
[aria-sort] button::after, [aria-sort] button::before { content: "\\2191"; content: "\\2191" / ""; }
[aria-sort=descending] button::after, [aria-sort=descending] button::before { content: "\\2193"; content: "\\2193" / ""; }
th button::after { position: absolute; margin-left: 0.35em; }
th button::before { margin-right: 0.35em; }
th:nth-child(2) button::after, th:not(:nth-child(2)) button::before { display: none; }
small { opacity: 0.8; }
th, td { padding: 0; border-bottom: 1px solid color-mix(in srgb, var(--line) 55%, transparent); font-weight: 400; text-align: left; }
td { padding: 0.5rem; vertical-align: top; color: var(--soft); white-space: nowrap; }
th:nth-child(2), td:nth-child(2) { text-align: right; }
th:nth-child(2) { width: 6.5rem; }
th:nth-child(3) { width: 11.25rem; padding-left: 1.5rem; }
td:nth-child(3) { padding-left: 2rem; }
tbody a { display: flex; gap: 0.7rem; padding: 0.5rem; }
tbody a::before { flex: none; width: 1.125rem; height: 1.125rem; margin-top: 0.1rem; background: var(--soft); -webkit-mask: var(--icon) 0 0/contain no-repeat; mask: var(--icon) 0 0/contain no-repeat; content: ""; forced-color-adjust: none; }
tbody .dir::before { background: var(--accent); }
tbody a:hover bdi { color: var(--accent); text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: 0.2em; }
tbody a:focus-visible { outline-offset: -2px; }
tbody tr:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: -2px; border-radius: 3px; }
tbody tr:has(:focus-visible) a { outline-color: transparent; }
tbody tr:hover, tbody tr:focus-within { background: var(--raised); }
bdi { min-width: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.empty { padding: 3rem 0.5rem; color: var(--soft); font: italic 1.125rem var(--serif); text-align: center; }
footer { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.5rem 2rem; padding: 1rem 0.5rem 0; color: var(--soft); font-size: 0.8125rem; }
footer p { margin: 0; }
.keys { display: none; }
kbd { padding: 0.05em 0.4em; border: 1px solid var(--line); border-radius: 3px; font: inherit; }
@media (hover: hover) and (min-width: 40rem) { .enhanced .keys { display: block; } }
@media (pointer: coarse) { tbody a, td { padding-block: 0.75rem; } button { padding-block: 0.8rem; } }
@media (max-width: 40rem) {
  body { padding-top: 1.25rem; }
  time span, small { display: none; }
  th:nth-child(2) { width: 4.5rem; }
  th:nth-child(3) { width: 5.75rem; padding-left: 0; }
  td, td:nth-child(3) { padding-inline: 0.5rem; font-size: 0.8125rem; line-height: 1.3125rem; }
  tbody a { gap: 0.5rem; padding-right: 0; }
  [type=search] { flex: 1 1 100%; font-size: 1rem; }
}
@media print { [type=search], .keys { display: none !important; } }
`;
