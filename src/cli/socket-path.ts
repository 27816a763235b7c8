import { existsSync, lstatSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { failure } from "./command-error.ts";

/** What fits into `sun_path` (unix(7)); of a longer path, the system would take the beginning. */
const LONGEST = process.platform === "linux" ? 107 : 103;

/**
 * Makes way for a socket at `path`: one that a dead server has left there is removed.
 * @throws {CommandError} when a server answers there, when it is a file of another kind, or when there cannot be a socket.
 */
export async function claimSocketPath(path: string): Promise<void> {
  const length = Buffer.byteLength(path);
  if (length > LONGEST) throw failure(`${path} has ${length} bytes, and the path of a socket ${LONGEST} at most`);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  // The system's own word for a missing directory is EACCES here (libuv, for the sake of Windows).
  if (!existsSync(dirname(path))) throw failure(`there is no directory ${dirname(path)} for the socket ${path}`);
  if (stats === undefined) return;
  if (!stats.isSocket()) throw failure(`${path} is there already, and is not a socket; another path: --unix PATH`);
  if (!(await isAbandoned(path))) throw failure(`a server is listening on ${path} already; another path: --unix PATH`);
  unlinkSync(path);
}

/** Only a refusal says that nobody listens: a socket may also be busy, or another user's. */
function isAbandoned(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "ECONNREFUSED"));
  });
}
