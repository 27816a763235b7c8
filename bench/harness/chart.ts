import type { WorkloadResult } from "./measure.ts";
import { PORTICO } from "./peers.ts";

const WIDTH = 720;
const LABEL_WIDTH = 110;
const VALUE_WIDTH = 80;
const ROW_HEIGHT = 30;
const BAR_HEIGHT = 18;
const TOP = 76;

/**
 * A workload's CPU time a request as horizontal bars, user and kernel one after the other. It follows the reader's light or
 * dark scheme by itself, as an image in a README can.
 */
export function cpuChart({ name, servers }: WorkloadResult): string {
  const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / Math.max(...servers.map(({ cpu }) => cpu.total));
  const height = TOP + servers.length * ROW_HEIGHT + 12;
  const bars = servers.map((server, row) => {
    const top = TOP + row * ROW_HEIGHT;
    const user = server.cpu.user * scale;
    const kernel = server.cpu.kernel * scale;
    const text = top + BAR_HEIGHT - 4;
    const own = server.name === PORTICO ? ' class="own"' : "";
    return `<g${own}>
<text x="${LABEL_WIDTH - 12}" y="${text}" text-anchor="end">${server.name}</text>
<rect class="user" x="${LABEL_WIDTH}" y="${top}" width="${user.toFixed(1)}" height="${BAR_HEIGHT}"/>
<rect class="kernel" x="${(LABEL_WIDTH + user).toFixed(1)}" y="${top}" width="${kernel.toFixed(1)}" height="${BAR_HEIGHT}"/>
<text x="${(LABEL_WIDTH + user + kernel + 10).toFixed(1)}" y="${text}">${server.cpu.total.toFixed(1)} µs</text>
</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="CPU time per request, ${name}: ${servers.map((server) => `${server.name} ${server.cpu.total.toFixed(1)} µs`).join(", ")}">
<style>
text { font: 14px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
.title, .own text { font-weight: 600 }
.note { font-size: 12px; fill: #59636e }
.user { fill: #8c959f }
.kernel { fill: #d1d9e0 }
.own .user, .key .user { fill: #0b5cad }
.own .kernel, .key .kernel { fill: #9ccaf5 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.note { fill: #9198a1 }
.user { fill: #7d8590 }
.kernel { fill: #3d444d }
.own .user, .key .user { fill: #4c9bea }
.own .kernel, .key .kernel { fill: #1d4d80 }
}
</style>
<text class="title" x="${LABEL_WIDTH}" y="24">CPU time per request, ${name} (less is better)</text>
<g class="key">
<rect class="user" x="${LABEL_WIDTH}" y="42" width="12" height="12"/>
<text class="note" x="${LABEL_WIDTH + 18}" y="52">user</text>
<rect class="kernel" x="${LABEL_WIDTH + 62}" y="42" width="12" height="12"/>
<text class="note" x="${LABEL_WIDTH + 80}" y="52">kernel</text>
</g>
${bars.join("\n")}
</svg>
`;
}
