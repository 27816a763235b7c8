/** The results as tables: of plain text for a terminal, or of Markdown. */
import { COUNTED_CONNECTIONS, type IdleResult } from "./idle.ts";
import type { Machine, Pins } from "./machine.ts";
import type { LeftOut, WorkloadResult } from "./measure.ts";

export type Style = "text" | "markdown";

/** Shares of the machine that other processes may take before it is said, and before the numbers are worthless. */
const DISTURBED = 0.05;
const SPOILT = 0.5;

type Row = readonly string[];

export function workloadReport(result: WorkloadResult, style: Style): string {
  const header = ["server", "version", "requests/s", "user µs", "kernel µs", "total µs", "p99 ms", "vs Portico"];
  const rows = result.servers.map(({ name, version, requestsPerSecond, cpu, latency, ratio }) => [
    name,
    version,
    Math.round(requestsPerSecond).toLocaleString("en"),
    cpu.user.toFixed(1),
    cpu.kernel.toFixed(1),
    cpu.total.toFixed(1),
    latency.p99.toFixed(2),
    times(ratio),
  ]);
  const failures = result.servers
    .filter(({ failed }) => failed > 0)
    .map(({ name, failed }) => `${name}: ${failed} requests failed in the measured rounds`);
  const notes = [...disturbance(result.disturbance), ...failures, ...leftOut(result.leftOut)];
  return section(`${result.name}: ${result.title}`, [header, ...rows], notes, style);
}

export function idleReport(result: IdleResult, style: Style): string {
  const header = ["server", "version", "KB/connection", "MB in all", "vs Portico"];
  const rows = result.servers.map(({ name, version, perConnection, total, ratio }) => [
    name,
    version,
    (perConnection / 1000).toFixed(1),
    (total / 1e6).toFixed(0),
    times(ratio),
  ]);
  const count = COUNTED_CONNECTIONS.toLocaleString("en");
  const title = `idle: resident memory a keep-alive connection, ${count} connections, each after one request`;
  return section(title, [header, ...rows], leftOut(result.leftOut), style);
}

/** Where and how it was measured, in one paragraph. */
export function conditions(machine: Machine, pins: Pins, how: string, command: string): string {
  const { cpu, cores, memory, kernel } = machine;
  const pinned = pins.server.length > 0 ? "server and wrk each kept on a core of its own" : "nothing pinned to a core";
  return `${cpu}, ${cores} cores, ${memory} GiB, ${kernel}; loopback; ${how}; ${pinned}.\nRepeat it with: ${command}`;
}

function section(title: string, rows: readonly Row[], notes: readonly string[], style: Style): string {
  const heading = style === "markdown" ? `**${title}**\n` : title;
  const table =
    rows.length > 1 ? (style === "markdown" ? markdownTable(rows) : textTable(rows)) : "nothing was measured";
  const remarks = notes.map((note) => (style === "markdown" ? `- ${note}` : `  ${note}`));
  const gap = style === "markdown" && remarks.length > 0 ? [""] : [];
  return [heading, table, ...gap, ...remarks, ""].join("\n");
}

function disturbance(share: number): string[] {
  if (share < DISTURBED) return [];
  const cost = share < SPOILT ? "requests/s and p99 suffer from it" : "none of these numbers are worth keeping";
  return [`other processes took ${Math.round(share * 100)} % of the machine: ${cost}`];
}

function leftOut(peers: readonly LeftOut[]): string[] {
  return peers.map(({ name, reason }) => `${name}: left out, ${reason}`);
}

function times(ratio: number | null): string {
  return ratio === null ? "" : `${ratio.toFixed(2)}x`;
}

/** The first two columns are words, the others numbers. */
function textTable(rows: readonly Row[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "))
    .map((line) => `  ${line.trimEnd()}`)
    .join("\n");
}

function markdownTable([header, ...rows]: readonly Row[]): string {
  const line = (row: Row) => `| ${row.join(" | ")} |`;
  const rule = header!.map((_, column) => (column < 2 ? "---" : "---:"));
  return [header!, rule, ...rows].map(line).join("\n");
}
