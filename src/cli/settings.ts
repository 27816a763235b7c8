import { OPTIONS, type OptionKey } from "../core/options.ts";
import type { Given } from "./arguments.ts";

type Keys = keyof Given;
type Defaulted = { [Key in Keys]: (typeof OPTIONS)[Key]["default"] extends undefined ? never : Key }[Keys];

/** Every option that has a flag, with its value; one without a default may be absent. */
export type Settings = Required<Pick<Given, Defaulted>> & Given;

/** The settings of one section of the table, `limits` or `timeouts`, by the names that the server takes. */
export function section(settings: Settings, name: "limits" | "timeouts"): Record<string, number> {
  const entries = Object.entries(settings).filter(([key]) => key.startsWith(`${name}.`));
  return Object.fromEntries(entries.map(([key, value]) => [key.slice(name.length + 1), value as number]));
}

export const DEFAULTS: Settings = Object.fromEntries(
  (Object.keys(OPTIONS) as OptionKey[]).flatMap((key) => {
    const { default: value, ...spec } = OPTIONS[key];
    return "flag" in spec && value !== undefined ? [[key, value]] : [];
  }),
) as unknown as Settings;
