import { basename } from "node:path";
import type { Frame } from "./frames.ts";

/** URLs that editors register for: a link needs no server that opens files for whoever asks it to. */
const URLS: Readonly<Record<string, (path: string, line: number, column: number) => string>> = {
  code: (path, line, column) => `vscode://file${path}:${line}:${column}`,
  "code-insiders": (path, line, column) => `vscode-insiders://file${path}:${line}:${column}`,
  codium: (path, line, column) => `vscodium://file${path}:${line}:${column}`,
  cursor: (path, line, column) => `cursor://file${path}:${line}:${column}`,
  windsurf: (path, line, column) => `windsurf://file${path}:${line}:${column}`,
  zed: (path, line, column) => `zed://file${path}:${line}:${column}`,
  idea: (path, line, column) => `idea://open?file=${path}&line=${line}&column=${column}`,
  webstorm: (path, line, column) => `webstorm://open?file=${path}&line=${line}&column=${column}`,
  subl: (path, line, column) => `subl://open?url=file://${path}&line=${line}&column=${column}`,
  mate: (path, line, column) => `txmt://open?url=file://${path}&line=${line}&column=${column}`,
  mvim: (path, line, column) => `mvim://open?url=file://${path}&line=${line}&column=${column}`,
};

/** A link that opens a frame's line, in the editor that the environment names ($VISUAL, $EDITOR), or VS Code. */
export function editorUrl({ file, line, column }: Frame, env: NodeJS.ProcessEnv): string {
  const [command = ""] = (env.VISUAL || env.EDITOR || "").split(" ", 1);
  const url = URLS[basename(command).replace(/\.(?:exe|cmd)$/, "")] ?? URLS.code!;
  const path = file.split(/[\\/]/).map(encodeURIComponent).join("/");
  return url(path.startsWith("/") ? path : `/${path}`, line, column);
}
