/** What a TCP server serves: the echo, with a clock or without, or a module of the user's. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { StreamHandler } from "../../net/tcp-server.ts";
import { failure } from "../command-error.ts";
import { loadFailure } from "../load-failure.ts";
import { installTypeScript } from "../typescript/install.ts";
import { clock, echo } from "./echo.ts";

const SERVICES: Readonly<Record<string, StreamHandler>> = { echo, clock };

/**
 * @param name `echo`, `clock`, or a path with a slash in it
 * @throws {CommandError} one line that says what is wrong with the module.
 */
export async function findService(name: string): Promise<StreamHandler> {
  return SERVICES[name] ?? (await loadService(name));
}

async function loadService(path: string): Promise<StreamHandler> {
  installTypeScript();
  const module = await import(pathToFileURL(resolve(path)).href).catch((error) => {
    throw loadFailure(error, path);
  });
  if (typeof module.default === "function") return module.default;
  throw failure(
    `${path} exports no default function to serve a connection: export default async (connection) => {}, or a class that extends StreamRequestHandler`,
  );
}
