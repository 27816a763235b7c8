/**
 * Holds an application and whoever calls it to the interface, as Python's `wsgiref.validate` does: put it around an
 * application in tests, or around a middleware and within it. What a server tolerates it does not.
 */
import { types } from "node:util";
import { isBodiless } from "../../http/status.ts";
import { checkPiece, checkResult, checkStatus, fieldsFrom, shown } from "./checks.ts";
import type {
  Environ,
  Piece,
  StartResponse,
  Write,
  WsgiApplication,
  WsgiErrors,
  WsgiInput,
  WsgiResult,
} from "./interface.ts";

/**
 * Wraps an application. It passes everything on and answers nothing itself.
 * @throws {TypeError} beginning with "wsgi:", at the first breach, whose culprit stands in its stack.
 */
export function validate(application: WsgiApplication): WsgiApplication {
  return (environ, startResponse) => {
    const call = new Call(environ, startResponse);
    const result: unknown = application({ ...environ, ...call.streams }, call.start);
    if (!types.isPromise(result)) return call.checked(result);
    return result.then((settled) => call.checked(settled));
  };
}

function check(holds: boolean, breach: string): asserts holds {
  if (!holds) throw new TypeError(`wsgi: ${breach}`);
}

/** The same for a check that throws by itself. */
function pass<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new TypeError(`wsgi: ${(error as Error).message}`);
  }
}

/** One call of the application. */
class Call {
  readonly streams: { readonly "wsgi.input": WsgiInput; readonly "wsgi.errors": WsgiErrors };
  readonly #startResponse: StartResponse;
  #started = false;
  /** Whether the first piece was asked for: from then on, write() is not to be used. */
  #iterating = false;
  #closed = false;

  constructor(environ: Environ, startResponse: StartResponse) {
    check(typeof startResponse === "function", `startResponse is ${shown(startResponse)}, not a function`);
    checkEnviron(environ);
    this.streams = {
      "wsgi.input": new CheckedInput(environ["wsgi.input"]),
      "wsgi.errors": checkedErrors(environ["wsgi.errors"]),
    };
    this.#startResponse = startResponse;
  }

  readonly start: StartResponse = (...args) => {
    check(args.length === 2 || args.length === 3, `startResponse was called with ${args.length} arguments`);
    const [status, headers, excInfo] = args;
    const isLate = excInfo !== undefined && excInfo !== null;
    check(!isLate || excInfo instanceof Error, `startResponse: excInfo is ${shown(excInfo)}, not an error`);
    check(!this.#started || isLate, "startResponse was called twice, without excInfo");
    checkHead(status, headers);
    const write: unknown = this.#startResponse(...args);
    check(typeof write === "function", `the server's startResponse returned ${shown(write)}, not write()`);
    this.#started = true;
    return (piece) => this.#write(write as Write, piece);
  };

  #write(write: Write, piece: Piece): Promise<void> {
    pass(() => checkPiece(piece));
    check(!this.#iterating, "write() was called when the pieces that were returned had begun to be sent");
    const written: unknown = write(piece);
    check(types.isPromise(written), "the server's write() returned no promise");
    return written as Promise<void>;
  }

  /** A list may be looked into at once, and stays one: its length tells the server something. */
  checked(result: unknown): WsgiResult {
    pass(() => checkResult(result));
    const pieces = result as WsgiResult;
    if (Array.isArray(pieces) && !("close" in pieces)) {
      for (const piece of pieces) this.#checkPiece(piece);
      this.#checkStarted();
      return pieces;
    }
    const close = () => this.#close(pieces);
    if (Symbol.asyncIterator in pieces) {
      return { [Symbol.asyncIterator]: () => this.#iterateAsync(pieces[Symbol.asyncIterator]()), close };
    }
    return { [Symbol.iterator]: () => this.#iterate(pieces[Symbol.iterator]()), close };
  }

  #close(pieces: WsgiResult): unknown {
    check(!this.#closed, "close() was called twice");
    this.#closed = true;
    return pieces.close?.();
  }

  #iterate(iterator: Iterator<Piece>): Iterator<Piece> {
    this.#beginIterating();
    return {
      next: () => {
        this.#checkOpen();
        return this.#checkedStep(iterator.next());
      },
      return: (value) => iterator.return?.(value) ?? { done: true, value },
    };
  }

  #iterateAsync(iterator: AsyncIterator<Piece>): AsyncIterator<Piece> {
    this.#beginIterating();
    return {
      next: async () => {
        this.#checkOpen();
        return this.#checkedStep(await iterator.next());
      },
      return: async (value) => (await iterator.return?.(value)) ?? { done: true, value },
    };
  }

  #beginIterating(): void {
    check(!this.#iterating, "the server iterates a second time");
    this.#iterating = true;
  }

  #checkOpen(): void {
    check(!this.#closed, "the server asks for a piece after close()");
  }

  #checkedStep(step: IteratorResult<Piece>): IteratorResult<Piece> {
    if (step.done) this.#checkStarted();
    else this.#checkPiece(step.value);
    return step;
  }

  #checkPiece(piece: unknown): void {
    pass(() => checkPiece(piece));
    this.#checkStarted();
  }

  #checkStarted(): void {
    check(this.#started, "a piece of the body, or its end, came before startResponse was called");
  }
}

const REQUIRED = ["REQUEST_METHOD", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL"];

function checkEnviron(environ: Environ): void {
  check(typeof environ === "object" && environ !== null, `environ is ${shown(environ)}, not an object`);
  for (const name of REQUIRED) check(typeof environ[name] === "string", `environ.${name} is ${shown(environ[name])}`);
  for (const [name, value] of Object.entries(environ)) {
    if (!name.includes(".")) check(typeof value === "string", `environ.${name} is ${shown(value)}, not a string`);
  }
  for (const name of ["HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"]) {
    check(!(name in environ), `environ has ${name}: it is called ${name.slice(5)}`);
  }
  checkVariables(environ);
  const version: unknown = environ["wsgi.version"];
  check(Array.isArray(version) && version.length === 2, `wsgi.version is ${shown(version)}, not [1, 0]`);
  const scheme = environ["wsgi.url_scheme"];
  check(scheme === "http" || scheme === "https", `wsgi.url_scheme is ${shown(scheme)}`);
  for (const flag of ["wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once"] as const) {
    check(typeof environ[flag] === "boolean", `${flag} is ${shown(environ[flag])}, not a boolean`);
  }
}

function checkVariables(environ: Environ): void {
  const { REQUEST_METHOD, SCRIPT_NAME = "", PATH_INFO = "", CONTENT_LENGTH = "" } = environ;
  check(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(REQUEST_METHOD), `REQUEST_METHOD is ${shown(REQUEST_METHOD)}`);
  check(/^(?:\/.*[^/])?$/s.test(SCRIPT_NAME), `SCRIPT_NAME is ${shown(SCRIPT_NAME)}: empty, or /a/path`);
  check(/^(?:\/.*|\*)?$/s.test(PATH_INFO), `PATH_INFO is ${shown(PATH_INFO)}: it begins with a slash`);
  check(SCRIPT_NAME !== "" || PATH_INFO !== "", "of SCRIPT_NAME and PATH_INFO, one has to be there");
  check(/^[0-9]*$/.test(CONTENT_LENGTH), `CONTENT_LENGTH is ${shown(CONTENT_LENGTH)}`);
}

function checkHead(status: string, headers: readonly (readonly [string, string])[]): void {
  const fields = pass(() => {
    checkStatus(status);
    return fieldsFrom(headers);
  });
  const names = fields.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  check(!names.includes("status"), "startResponse: the status is no header (in CGI it is)");
  for (const [name, value] of headers) {
    check(value === value.trim(), `startResponse: the value of ${name} begins or ends with white space`);
  }
  for (const name of ["content-length", "content-type"]) {
    check(names.indexOf(name) === names.lastIndexOf(name), `startResponse: ${name} is given twice`);
  }
  const hasType = names.includes("content-type");
  const isEmpty = isBodiless(Number(status.slice(0, 3)));
  check(!isEmpty || !hasType, `startResponse: a response of status ${status} has no body, and so no Content-Type`);
  check(isEmpty || hasType, "startResponse: there is no Content-Type");
}

/** Whoever reads is held to ask for a number of bytes, and whoever is read from, to give them. */
class CheckedInput implements WsgiInput {
  readonly #input: WsgiInput;

  constructor(input: WsgiInput) {
    for (const method of ["read", "readline", "readlines", Symbol.asyncIterator] as const) {
      check(typeof input?.[method] === "function", `wsgi.input has no ${String(method)}()`);
    }
    this.#input = input;
  }

  async read(size?: number): Promise<Uint8Array> {
    return checkBytes(await this.#input.read(checkSize("read", size)), size);
  }

  async readline(size?: number): Promise<Uint8Array> {
    return checkBytes(await this.#input.readline(checkSize("readline", size)), size);
  }

  async readlines(): Promise<Uint8Array[]> {
    return (await this.#input.readlines()).map((line) => checkBytes(line, undefined));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const line of this.#input) yield checkBytes(line, undefined);
  }
}

function checkSize(method: string, size: number | undefined): number | undefined {
  const isNumber = size === undefined || (Number.isSafeInteger(size) && size >= 0);
  check(isNumber, `wsgi.input.${method}: the number of bytes is ${shown(size)}`);
  return size;
}

function checkBytes(bytes: Uint8Array, size: number | undefined): Uint8Array {
  check(types.isUint8Array(bytes), `the server's wsgi.input gave ${shown(bytes)}, not bytes`);
  check(size === undefined || bytes.length <= size, `the server's wsgi.input gave more than ${size} bytes`);
  return bytes;
}

function checkedErrors(errors: WsgiErrors): WsgiErrors {
  for (const method of ["write", "writelines", "flush"] as const) {
    check(typeof errors?.[method] === "function", `wsgi.errors has no ${method}()`);
  }
  const checkText = (text: unknown) => check(typeof text === "string", `wsgi.errors takes text, not ${shown(text)}`);
  return {
    write(text) {
      checkText(text);
      errors.write(text);
    },
    writelines(lines) {
      const list = [...lines];
      for (const line of list) checkText(line);
      errors.writelines(list);
    },
    flush: () => errors.flush(),
  };
}
