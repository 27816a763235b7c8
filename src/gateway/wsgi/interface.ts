/**
 * The Web Server Gateway Interface (PEP 3333) in TypeScript terms; docs/gateway-wsgi.md is the same in prose. Types only.
 * The PEP's names are kept where they are data (`wsgi.url_scheme`), and spelled as JavaScript does where they are code.
 */

/** A piece of a body. A string is sent as UTF-8. Bytes must not change until the next piece is asked for. */
export type Piece = string | Uint8Array;

/** What an application returns: the body's pieces in order. `close()`, if there is one, is called in the end, whatever happens. */
export type WsgiResult = (Iterable<Piece> | AsyncIterable<Piece>) & { close?(): unknown };

/**
 * An application. It calls `startResponse` before it gives the first piece, and is called again for the next request while
 * it waits for anything (unless `wsgi.multithread` is false).
 */
export type WsgiApplication = (environ: Environ, startResponse: StartResponse) => WsgiResult | Promise<WsgiResult>;

/** Names and values, in the order they are sent; a name may stand there more than once. */
export type WsgiHeaders = readonly (readonly [name: string, value: string])[];

/**
 * Begins the response. Nothing is sent before the first piece that is not empty, and until then the call may be repeated,
 * with `excInfo`: the error that the new response is about.
 * @param status such as `200 OK`
 * @throws {TypeError} on what cannot be sent, or when called twice without `excInfo`
 * @throws `excInfo` itself, once something has been sent
 */
export type StartResponse = (status: string, headers: WsgiHeaders, excInfo?: unknown) => Write;

/**
 * Sends a piece ahead of those that the application returns. For what cannot give its pieces one by one. Resolves when
 * there is room for the next, which whoever does not wait for it fills memory with.
 */
export type Write = (piece: Piece) => Promise<void>;

/** The request, and what stands around it. It is the application's to change. */
export interface Environ {
  REQUEST_METHOD: string;
  /** The path up to the application: empty when it stands at the root. */
  SCRIPT_NAME: string;
  /** The rest of the path, decoded; `REQUEST_URI` has the path as it was sent. */
  PATH_INFO: string;
  /** What follows the question mark, as it was sent. */
  QUERY_STRING: string;
  /** The request target as it was sent. */
  REQUEST_URI: string;
  /** Absent without a body type. */
  CONTENT_TYPE?: string;
  /** Bytes, in decimal; absent without a body, and when its length is not known in advance. */
  CONTENT_LENGTH?: string;
  SERVER_NAME: string;
  SERVER_PORT: string;
  /** `HTTP/1.1` or `HTTP/1.0`. */
  SERVER_PROTOCOL: string;
  SERVER_SOFTWARE: string;
  /** The client's address; empty on a unix socket, and `REMOTE_PORT` is then 0. */
  REMOTE_ADDR: string;
  REMOTE_HOST: string;
  REMOTE_PORT: string;
  "wsgi.version": readonly [major: number, minor: number];
  "wsgi.url_scheme": "http" | "https";
  "wsgi.input": WsgiInput;
  /** Whether the input has an end of its own, so that it can be read without a `CONTENT_LENGTH`: always, here. */
  "wsgi.input_terminated": boolean;
  "wsgi.errors": WsgiErrors;
  /** Whether the application may be called while an earlier call of it waits, sharing its memory. */
  "wsgi.multithread": boolean;
  /** Whether there are others of it, in threads or processes with a memory of their own. */
  "wsgi.multiprocess": boolean;
  "wsgi.run_once": boolean;
  /** The request's fields, one character a byte. */
  [field: `HTTP_${string}`]: string | undefined;
  /** What middleware adds. */
  [name: string]: unknown;
}

/** The request's body. One read at a time; empty bytes are its end. */
export interface WsgiInput extends AsyncIterable<Uint8Array> {
  /** Gives `size` bytes, fewer only at the end; without `size`, all that is left. */
  read(size?: number): Promise<Uint8Array>;
  /** Gives the bytes up to the next line feed and with it, or up to `size` of them. */
  readline(size?: number): Promise<Uint8Array>;
  /** Gives the lines that are left. Iterating gives them one by one. */
  readlines(): Promise<Uint8Array[]>;
}

/** Where an application writes what is wrong: text, not bytes. */
export interface WsgiErrors {
  write(text: string): void;
  writelines(lines: Iterable<string>): void;
  flush(): void;
}
