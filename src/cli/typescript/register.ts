/** For `node --import portico/register`: TypeScript from the first module on, enums and all, also on Node 20. */
import { installTypeScript } from "./install.ts";

installTypeScript();
