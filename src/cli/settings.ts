import { OPTIONS, type OptionKey } from "../core/options.ts";
import type { Given } from "./arguments.ts";

type Keys = keyof Given;
type Defaulted = { [Key in Keys]: (typeof OPTIONS)[Key]["default"] extends undefined ? never : Key }[Keys];

/** Every option that has a flag, with its value; one without a default may be absent. */
export type Settings = Required<Pick<Given, Defaulted>> & Given;

export const DEFAULTS: Settings = Object.fromEntries(
  (Object.keys(OPTIONS) as OptionKey[]).flatMap((key) => {
    const { default: value, ...spec } = OPTIONS[key];
    return "flag" in spec && value !== undefined ? [[key, value]] : [];
  }),
) as unknown as Settings;
