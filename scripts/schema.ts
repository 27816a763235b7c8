/** What config.schema.json says, made from the table of options. */
import { FILE_OPTIONS } from "../src/core/config.ts";
import type { OptionSpec } from "../src/core/options.ts";

export const SCHEMA_FILE = new URL("../config.schema.json", import.meta.url);

/** JSON Schema, draft 2020-12: what editors complete and check a portico.config.json by. */
export function schemaText(): string {
  const top: Record<string, object> = {
    $schema: { type: "string", description: "where this schema is" },
    entry: { type: "string", description: "what is served: a directory, or an application's module" },
  };
  for (const [key, spec] of FILE_OPTIONS) if (!key.includes(".")) top[key] = schemaOf(spec);
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Configuration of Portico",
    description: "Written by npm run docs from src/core/options.ts: change the table there.",
    type: "object",
    properties: { ...top, limits: section("limits"), timeouts: section("timeouts") },
    additionalProperties: false,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function section(name: string): object {
  const options = [...FILE_OPTIONS].filter(([key]) => key.startsWith(`${name}.`));
  const properties = Object.fromEntries(options.map(([key, spec]) => [key.slice(name.length + 1), schemaOf(spec)]));
  return { type: "object", properties, additionalProperties: false };
}

function schemaOf(spec: OptionSpec): object {
  const { doc, precedent, default: value } = spec;
  const description = precedent === undefined ? doc : `${doc} (${precedent})`;
  return { ...kindOf(spec), ...(value !== undefined && { default: value }), description };
}

function kindOf({ type, choices, implied, orNumber }: OptionSpec): object {
  if (choices !== undefined) return { enum: choices };
  switch (type) {
    case "strings":
      return { type: "array", items: { type: "string" } };
    case "port":
      return { type: "integer", minimum: 0, maximum: 65_535 };
    case "integer":
      return { type: "integer", minimum: 0 };
    case "boolean":
      return { type: "boolean" };
    case "string": {
      const others = [...(implied === undefined ? [] : ["boolean"]), ...(orNumber ? ["integer"] : [])];
      return { type: others.length === 0 ? "string" : ["string", ...others], minLength: 1 };
    }
  }
}
