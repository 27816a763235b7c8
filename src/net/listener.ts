/** A listening socket: where connections come from. What they carry is not known here. */
import { type AddressInfo, createServer, type Server } from "node:net";
import { type Attach, readEvents, readShared } from "./reading.ts";

export interface ListenOptions {
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  /** Address or name to listen on. */
  readonly hostname: string;
  /** A path: listen on a unix socket in place of TCP. */
  readonly unix?: string | undefined;
  /** A socket that is bound already, by whoever started this process: listen on it instead. */
  readonly fd?: number | undefined;
  /** Connections the kernel queues until they are accepted. */
  readonly backlog: number;
  /** Read by documented means only; slower. */
  readonly plainReads?: boolean | undefined;
  /** Told when a connection could not be accepted. The listener goes on. */
  readonly onError?: ((error: NodeJS.ErrnoException) => void) | undefined;
}

export class Listener {
  readonly #server: Server;
  readonly #options: ListenOptions;

  constructor(attach: Attach, options: ListenOptions) {
    this.#options = options;
    const read = options.plainReads ? readEvents : readShared;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) =>
      read(socket, attach),
    );
  }

  /** Resolves when connections can come. @throws {Error} (rejects) with the system's `code`: `EADDRINUSE`, `EACCES` … */
  listen(): Promise<void> {
    const { port, hostname, unix, fd, backlog } = this.#options;
    const address = fd !== undefined ? { fd } : unix !== undefined ? { path: unix } : { port, host: hostname };
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ ...address, backlog }, () => {
        server.removeListener("error", reject);
        server.on("error", (error) => this.#options.onError?.(error));
        resolve();
      });
    });
  }

  /** The bound address; a string for a unix socket, `null` before `listen` and after `close`. */
  get address(): AddressInfo | string | null {
    return this.#server.address();
  }

  /** Stops listening: connections that were not accepted are refused; accepted ones are their owner's to end. */
  close(): void {
    this.#server.close();
  }
}
