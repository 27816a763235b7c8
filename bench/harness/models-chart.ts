/** One measurement of a concurrency model. */
export interface ModelResult {
  readonly kind: string;
  readonly model: string;
  readonly connections: number;
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

const PANEL = { width: 216, height: 190, left: 66, gap: 34, top: 92 };
const WIDTH = PANEL.left + 3 * PANEL.width + 2 * PANEL.gap + 18;
const HEIGHT = PANEL.top + PANEL.height + 52;

/** The scale of requests a second, in powers of ten; a line is drawn at each whole one. */
const DECADES = [1, 5.4] as const;

/** The widest line is drawn first, so that lines that lie on each other all show. */
const STROKES = [9, 6, 3.5, 1.5];

/**
 * Requests a second over connections, both in powers: one panel for each kind of work, one line for each model. Follows the
 * reader's light or dark scheme by itself.
 */
export function modelsChart(
  kinds: readonly { readonly name: string; readonly title: string }[],
  models: readonly string[],
  results: readonly ModelResult[],
): string {
  const panels = kinds.map(({ name, title }, at) => {
    const left = PANEL.left + at * (PANEL.width + PANEL.gap);
    const own = results.filter(({ kind }) => kind === name);
    const counts = [...new Set(own.map(({ connections }) => connections))];
    const lines = models.map((model, index) => {
      const points = own.filter((each) => each.model === model).map((each) => point(each, counts, left));
      return `<polyline class="m${index}" stroke-width="${STROKES[index]}" points="${points.join(" ")}"/>`;
    });
    return `<g>
<text class="panel" x="${left}" y="${PANEL.top - 14}">${title}</text>
${grid(left, at === 0)}
${counts.map((count, index) => `<text class="note" x="${x(index, counts, left)}" y="${PANEL.top + PANEL.height + 18}" text-anchor="middle">${count}</text>`).join("\n")}
${lines.join("\n")}
</g>`;
  });
  const middle = PANEL.left + (WIDTH - PANEL.left) / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="Requests per second of four concurrency models at three workloads, over the number of connections; the table beside it has the numbers.">
<style>
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
.title { font-size: 14px; font-weight: 600 }
.panel { font-weight: 600 }
.note { font-size: 12px; fill: #59636e }
.grid { stroke: #d1d9e0; stroke-width: 1 }
polyline, .key line { fill: none; stroke-linejoin: round; stroke-linecap: round }
.m0 { stroke: #d4a72c }
.m1 { stroke: #9ccaf5 }
.m2 { stroke: #0b5cad }
.m3 { stroke: #cf222e }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.note { fill: #9198a1 }
.grid { stroke: #3d444d }
.m0 { stroke: #bb8009 }
.m1 { stroke: #1d4d80 }
.m2 { stroke: #4c9bea }
.m3 { stroke: #ff7b72 }
}
</style>
<text class="title" x="${PANEL.left}" y="22">Requests per second, over the number of connections (more is better)</text>
${models.map(key).join("\n")}
${panels.join("\n")}
<text class="note" x="${middle}" y="${HEIGHT - 10}" text-anchor="middle">connections</text>
</svg>
`;
}

function key(model: string, index: number): string {
  const left = PANEL.left + index * 130;
  return `<g class="key"><line class="m${index}" stroke-width="${STROKES[index]}" x1="${left + 5}" x2="${left + 29}" y1="48" y2="48"/><text x="${left + 40}" y="52">${model}</text></g>`;
}

function grid(left: number, isLabelled: boolean): string {
  const decades = Array.from({ length: Math.floor(DECADES[1]) - DECADES[0] + 1 }, (_, index) => DECADES[0] + index);
  return decades
    .map((decade) => {
      const top = y(10 ** decade);
      const label = `<text class="note" x="${left - 8}" y="${top + 4}" text-anchor="end">${(10 ** decade).toLocaleString("en")}</text>`;
      return `<line class="grid" x1="${left}" x2="${left + PANEL.width}" y1="${top}" y2="${top}"/>${isLabelled ? label : ""}`;
    })
    .join("\n");
}

function point({ connections, requestsPerSecond }: ModelResult, counts: readonly number[], left: number): string {
  return `${x(counts.indexOf(connections), counts, left).toFixed(1)},${y(requestsPerSecond).toFixed(1)}`;
}

function x(index: number, counts: readonly number[], left: number): number {
  return left + 14 + (index * (PANEL.width - 28)) / Math.max(1, counts.length - 1);
}

function y(requestsPerSecond: number): number {
  const share = (Math.log10(Math.max(requestsPerSecond, 10 ** DECADES[0])) - DECADES[0]) / (DECADES[1] - DECADES[0]);
  return PANEL.top + PANEL.height * (1 - share);
}
