/** For `node --import`: TypeScript from the first module on. */
import { installTypeScript } from "./install.ts";

installTypeScript();
