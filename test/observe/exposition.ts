/** Reads Prometheus's text format (0.0.4) more strictly than Prometheus does, with the rules that `promtool check metrics` has. */
import assert from "node:assert/strict";

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (-?[0-9.]+(?:e[-+]?[0-9]+)?|\\+Inf|-Inf|NaN)$`);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

export function parseExposition(text: string): Map<string, ParsedFamily> {
  assert.ok(text.endsWith("\n"), "the last line ends");
  const families = new Map<string, ParsedFamily>();
  const seen = new Set<string>();
  let current: [name: string, family: ParsedFamily] | undefined;
  let help: RegExpExecArray | null = null;
  for (const line of text.slice(0, -1).split("\n")) {
    if (line.startsWith("# HELP ")) {
      help = new RegExp(`^# HELP (${NAME}) (\\S.*)$`).exec(line);
      assert.ok(help !== null, line);
      continue;
    }
    if (line.startsWith("# TYPE ")) {
      const [, name, type] = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`).exec(line) ?? [];
      assert.equal(name, help?.[1], `HELP and TYPE stand together: ${line}`);
      assert.ok(!families.has(name!), `${name} stands once`);
      current = [name!, { type: type!, help: help![2]!, samples: [] }];
      families.set(...current);
      continue;
    }
    assert.ok(!seen.has(line.slice(0, line.lastIndexOf(" "))), `the sample stands once: ${line}`);
    seen.add(line.slice(0, line.lastIndexOf(" ")));
    const sample = parseSample(line);
    assert.ok(current !== undefined, line);
    const [name, { type, samples }] = current;
    const allowed = type === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => name + end) : [name];
    assert.ok(allowed.includes(sample.name), `${sample.name} stands under its own family`);
    samples.push(sample);
  }
  for (const [name, family] of families) check(name, family);
  return families;
}

function parseSample(line: string): Sample {
  const [, name, pairs, value] = SAMPLE.exec(line) ?? [];
  assert.ok(name !== undefined, `a sample: ${line}`);
  const labels: Record<string, string> = {};
  for (let at = 0; pairs !== undefined && at < pairs.length; at = LABEL.lastIndex) {
    LABEL.lastIndex = at;
    const [, label, text] = LABEL.exec(pairs) ?? [];
    assert.ok(label !== undefined && !(label in labels), `labels, each once: ${line}`);
    labels[label] = text!.replace(/\\(.)/g, (_, character) => (character === "n" ? "\n" : character));
  }
  return { name, labels, value: Number(value!.replace("Inf", "Infinity")) };
}

/** Naming by the guidelines; and of a histogram, that its buckets are cumulative and whole. */
function check(name: string, { type, samples }: ParsedFamily): void {
  assert.equal(name.endsWith("_total"), type === "counter", `${name}: counters, and they alone, end in _total`);
  assert.ok(!/(milli|micro)seconds|kilobytes|minutes/.test(name), `${name}: base units`);
  for (const { value, labels } of samples) {
    if (type !== "gauge") assert.ok(value >= 0, `${name} counts`);
    if (type !== "histogram") assert.ok(!("le" in labels) && !("quantile" in labels), `${name} has no le, no quantile`);
  }
  if (type !== "histogram") return;
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const bounds = buckets.map(({ labels }) => Number(labels.le!.replace("Inf", "Infinity")));
  assert.deepEqual(
    bounds,
    bounds.toSorted((a, b) => a - b),
    "bounds ascend",
  );
  assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY);
  const counts = buckets.map(({ value }) => value);
  assert.deepEqual(
    counts,
    counts.toSorted((a, b) => a - b),
    "buckets are cumulative",
  );
  assert.equal(samples.find((sample) => sample.name === `${name}_count`)?.value, counts.at(-1));
  assert.ok(samples.some((sample) => sample.name === `${name}_sum`));
}

/** The value of the one sample with these labels; 0 when there is none. */
export function sampleOf(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const found = [...parseExposition(text).values()]
    .flatMap(({ samples }) => samples)
    .filter(
      (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
  assert.ok(found.length <= 1, `one sample ${name} with ${JSON.stringify(labels)}`);
  return found[0]?.value ?? 0;
}
