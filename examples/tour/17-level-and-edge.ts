/**
 * Two kinds of readiness: a level says "there is something to read", an edge says "something has come".
 *
 * Shows: ten bytes come, and a reader takes four at a time. With level notices it is called until nothing is left. With
 * edge notices it is called once: six bytes lie there, and nobody is told of them until more comes. (Node keeps epoll to
 * itself, and uses it by level; so this is a model of both kinds, on a real socket.)
 *
 * What is wrong with it: the edge reader. Whoever is notified by edges has to read until there is nothing more, every
 * time; nginx does. Level notices forgive, and cost a call more.
 *
 * Try: read it beside the output.
 */
import { connect, TcpServer } from "portico/net";

type Kind = "level" | "edge";

/** Bytes that have come, and a reader that is notified of them. */
class Inbox {
  #text = "";
  readonly #kind: Kind;

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  arrived(bytes: Buffer): void {
    this.#text += bytes;
    do this.#notify();
    while (this.#kind === "level" && this.#text !== "");
  }

  #notify(): void {
    const taken = this.#text.slice(0, 4);
    this.#text = this.#text.slice(4);
    console.log(`${this.#kind}: notified, took "${taken}", left "${this.#text}"`);
  }
}

for (const kind of ["level", "edge"] as const) {
  const server = await new TcpServer(async (connection) => {
    const inbox = new Inbox(kind);
    for await (const bytes of connection) {
      inbox.arrived(bytes);
      await connection.write("read\n");
    }
  }).ready();
  const connection = await connect({ hostname: "127.0.0.1", port: server.port });
  for (const text of ["0123456789", "x"]) {
    console.log(`${kind}: "${text}" comes`);
    await connection.write(text);
    await connection.readLine();
  }
  await connection.close();
  await server.close();
}
