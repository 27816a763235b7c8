/**
 * Measurements as plain data, which processes and threads send to each other and add up, and Prometheus's text format for
 * them (prometheus.io, "Text-based exposition format", 0.0.4). What is measured is not decided here.
 */

/** The help text of a metric says what it counts, and in what. */
export interface Family {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
}

export type Families = Readonly<Record<string, Family>>;

/** The sample's full name, `portico_requests_total{method="GET",status="2xx"}`, and its value. */
export type Samples = Record<string, number>;

export type Labels = Readonly<Record<string, string>>;

export function sampleName(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escapedLabel(value)}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}

function escapedLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** Adds samples to a sum. Gauges of which a sum says nothing have a label that tells them apart. */
export function add(sum: Samples, samples: Readonly<Samples>): void {
  for (const [name, value] of Object.entries(samples)) sum[name] = (sum[name] ?? 0) + value;
}

/** What stays true of a worker that is gone: what it has counted, but for what is told of each worker by name. */
export function counted(samples: Readonly<Samples>, families: Families): Samples {
  const isLasting = (name: string) => !name.includes('worker="') && familyOf(name, families)?.[1].type !== "gauge";
  return Object.fromEntries(Object.entries(samples).filter(([name]) => isLasting(name)));
}

/** The text that Prometheus reads: each family once, in the table's order, its samples in the order they came. */
export function exposition(samples: Readonly<Samples>, families: Families): string {
  const lines = new Map<string, string>();
  for (const [name, value] of Object.entries(samples)) {
    const family = familyOf(name, families);
    if (family === undefined) throw new Error(`the sample ${name} belongs to no family`);
    const [familyName] = family;
    lines.set(familyName, `${lines.get(familyName) ?? ""}${name} ${shown(value)}\n`);
  }
  let text = "";
  for (const [name, { type, help }] of Object.entries(families)) {
    const own = lines.get(name);
    if (own !== undefined) text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${own}`;
  }
  return text;
}

function familyOf(sample: string, families: Families): [name: string, family: Family] | undefined {
  const brace = sample.indexOf("{");
  const name = brace < 0 ? sample : sample.slice(0, brace);
  const base = families[name] === undefined ? name.replace(/_(bucket|sum|count)$/, "") : name;
  const family = families[base];
  return family === undefined ? undefined : [base, family];
}

function shown(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
