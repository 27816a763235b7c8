/**
 * The echo with a clock again, by a class with one instance a connection, as Python's socketserver has it.
 *
 * Shows: lines are lines, however their bytes come in: together, in halves, or one by one. A line of a gigabyte is
 * refused at 64 KiB, a client that does not read slows its own answers down and nobody else's, and one that says
 * nothing for ten minutes is let go.
 *
 * What is wrong with it: nothing that the protocol does not ask for. It is this server that `portico tcp echo --clock` is.
 *
 * Try: npm run tour 04                        in another terminal
 *      printf 'one\ntwo\nthr' | node bin/portico.js tcp connect 127.0.0.1 7890
 */
import { StreamRequestHandler, TcpServer } from "portico/net";

class Clock extends StreamRequestHandler {
  #lines = 0;

  override async handle(): Promise<void> {
    for await (const line of this.connection.lines()) {
      this.#lines++;
      await this.connection.write(`[${new Date().toTimeString().slice(0, 8)}] ${line}\n`);
    }
    console.log(`${this.connection.peer} has ended after ${this.#lines} lines`);
  }
}

const server = await new TcpServer(Clock, { port: Number(process.env.PORT ?? 7890) }).ready();
console.log(`listening on 127.0.0.1:${server.port}`);
