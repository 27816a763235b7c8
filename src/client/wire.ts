/** What an observer of a client is told. Connections are numbered in the order they were opened. */
export type WireEvent =
  /** A connection stands, to a server's address (empty on a unix socket). */
  | { readonly type: "open"; readonly connection: number; readonly to: string; readonly address: string }
  /** A request is about to be sent: the connection's first, or a further one. */
  | { readonly type: "request"; readonly connection: number; readonly count: number }
  /** Bytes leave for the socket. */
  | { readonly type: "sent"; readonly connection: number; readonly bytes: Uint8Array }
  /** Bytes have come; they are the observer's only until it returns. */
  | { readonly type: "received"; readonly connection: number; readonly bytes: Uint8Array }
  /** The response is complete, and the connection waits for the next request. */
  | { readonly type: "kept"; readonly connection: number }
  /** A request is sent again on another connection (RFC 9110 §9.2.2). */
  | { readonly type: "retry"; readonly connection: number; readonly why: string }
  /** The connection is gone. */
  | { readonly type: "closed"; readonly connection: number; readonly by: "client" | "server"; readonly why: string };
