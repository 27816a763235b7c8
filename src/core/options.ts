/**
 * Every option, limit and timeout as data: the defaults of the library, the flags, the environment names, `--help` and
 * the documentation all come from this table. An option that is not here does not exist.
 */
export interface OptionSpec {
  /** Of `strings`, the flag is given once for each. */
  readonly type: "string" | "strings" | "boolean" | "integer" | "port";
  readonly default: string | number | boolean | undefined;
  /** The long flag, without its dashes; an option without one belongs to the library only. */
  readonly flag?: string;
  /** The one-letter flag. */
  readonly short?: string;
  /** The environment variable that stands behind the flag. */
  readonly env?: string;
  /** What the flag's value is called in the help. */
  readonly value?: string;
  /** The value that the flag alone stands for; another one is given as `--flag=VALUE`. */
  readonly implied?: string;
  /** Whether a file may give a number for the text. */
  readonly orNumber?: true;
  /** The only values it takes. */
  readonly choices?: readonly string[];
  readonly group:
    | "Listening"
    | "Application"
    | "Files"
    | "Responses"
    | "Scripts"
    | "Workers"
    | "Output"
    | "Limits"
    | "Timeouts";
  readonly doc: string;
  /** Whose default this follows, and what passing it costs the client. */
  readonly precedent?: string;
}

/** What applications are written against: a module's interfaces, and cgi, a directory's. */
const INTERFACES = ["fetch", "node", "wsgi", "cgi"] as const;

export type InterfaceName = (typeof INTERFACES)[number];

export const OPTIONS = {
  port: {
    type: "port",
    default: 8000,
    flag: "port",
    short: "p",
    env: "PORT",
    value: "PORT",
    group: "Listening",
    doc: "TCP port; 0 takes a free one",
    precedent: "Deno, uvicorn and Python's http.server: 8000",
  },
  hostname: {
    type: "string",
    default: "127.0.0.1",
    flag: "host",
    env: "HOST",
    value: "HOST",
    group: "Listening",
    doc: "address to listen on; 0.0.0.0 or :: for all",
    precedent: "gunicorn and uvicorn bind loopback unless told otherwise",
  },
  unix: {
    type: "string",
    default: undefined,
    flag: "unix",
    value: "PATH",
    group: "Listening",
    doc: "listen on a unix socket instead",
  },
  fd: {
    type: "integer",
    default: undefined,
    flag: "fd",
    value: "N",
    group: "Listening",
    doc: "listen on a socket that is bound already, with this descriptor; one from systemd is found without being told",
    precedent: "gunicorn's fd://N; systemd's LISTEN_FDS",
  },
  backlog: {
    type: "integer",
    default: 511,
    flag: "backlog",
    value: "N",
    group: "Listening",
    doc: "connections the kernel queues until they are accepted",
    precedent: "node and nginx: 511",
  },
  static: {
    type: "string",
    default: undefined,
    flag: "static",
    value: "DIR",
    group: "Application",
    doc: "serve this directory's files before asking the application",
  },
  prefix: {
    type: "string",
    default: "/",
    flag: "prefix",
    value: "PATH",
    group: "Application",
    doc: "path under which --static files stand",
  },
  noListing: {
    type: "boolean",
    default: false,
    flag: "no-listing",
    group: "Application",
    doc: "a directory without index.html is a 404, not a list of what is in it",
    precedent: "Python's http.server, serve and http-server list; Caddy and nginx have to be told to",
  },
  interface: {
    type: "string",
    default: undefined,
    flag: "interface",
    value: "NAME",
    choices: INTERFACES,
    group: "Application",
    doc: `what ENTRY is written for: ${INTERFACES.join(", ")}; by default, what its exports say`,
  },
  nativeFetch: {
    type: "boolean",
    default: false,
    flag: "native-fetch",
    group: "Application",
    doc: "leave Node's own Request, Response and Headers in place",
  },
  config: {
    type: "string",
    default: undefined,
    flag: "config",
    short: "c",
    env: "PORTICO_CONFIG",
    value: "FILE",
    group: "Application",
    doc: "read options from this file; by default portico.config.ts, .js or .json, if there is one",
    precedent: "gunicorn -c, for gunicorn.conf.py",
  },
  watch: {
    type: "boolean",
    default: false,
    flag: "watch",
    group: "Application",
    doc: "load again what is saved: the same as portico dev",
    precedent: "uvicorn --reload, Werkzeug's use_reloader",
  },
  base: {
    type: "string",
    default: "/",
    flag: "base",
    value: "PATH",
    group: "Files",
    doc: "path under which the files of ENTRY stand; for --static files it is --prefix",
  },
  spa: {
    type: "string",
    default: undefined,
    flag: "spa",
    value: "FILE",
    implied: "index.html",
    group: "Files",
    doc: "the page, by default index.html, for navigations that find no file: an application in the browser",
    precedent: "serve --single and sirv --single, but a script that is missing stays a 404",
  },
  cleanUrls: {
    type: "boolean",
    default: false,
    flag: "clean-urls",
    group: "Files",
    doc: "about.html is /about, and its other spellings lead there",
    precedent: "serve and Cloudflare Pages do so by default",
  },
  cacheControl: {
    type: "string",
    default: undefined,
    flag: "cache-control",
    value: "VALUE",
    group: "Files",
    doc: "Cache-Control of all files; by default, hashed names are immutable, media 10 minutes old, the rest no-cache",
    precedent: "GitHub Pages 10 minutes, serve none, http-server an hour",
  },
  headers: {
    type: "strings",
    default: undefined,
    flag: "header",
    value: "'NAME: VALUE'",
    group: "Responses",
    doc: "a field of every response, in the place of one of this name; may be given several times",
  },
  cors: {
    type: "boolean",
    default: false,
    flag: "cors",
    group: "Responses",
    doc: "scripts of any origin may read responses; preflights are answered",
  },
  isolate: {
    type: "boolean",
    default: false,
    flag: "isolate",
    group: "Responses",
    doc: "cross-origin isolation, as SharedArrayBuffer needs it: COOP same-origin, COEP require-corp",
  },
  auth: {
    type: "string",
    default: undefined,
    flag: "auth",
    env: "PORTICO_AUTH",
    value: "USER:PASSWORD",
    group: "Responses",
    doc: "ask for this name and password (Basic); the variable keeps them out of the list of processes",
  },
  cgi: {
    type: "string",
    default: undefined,
    flag: "cgi",
    value: "DIR",
    group: "Scripts",
    doc: "run this directory's programs (CGI), before asking anything else",
  },
  cgiPrefix: {
    type: "string",
    default: "/cgi-bin/",
    flag: "cgi-prefix",
    value: "PATH",
    group: "Scripts",
    doc: "path under which --cgi programs stand",
  },
  cgiTimeout: {
    type: "integer",
    default: 60_000,
    flag: "cgi-timeout",
    value: "MS",
    group: "Scripts",
    doc: "milliseconds a program may neither read nor write, while nobody else keeps it waiting; 0 for any number",
    precedent: "Apache 60 s; past it: 504, SIGTERM and SIGKILL",
  },
  maxScripts: {
    type: "integer",
    default: 32,
    flag: "max-scripts",
    value: "N",
    group: "Scripts",
    doc: "programs that run at a time; 0 for any number",
    precedent: "fcgiwrap 1, Apache 400 workers; past it: requests wait",
  },
  maxWaitingScripts: {
    type: "integer",
    default: 128,
    flag: "max-waiting-scripts",
    value: "N",
    group: "Scripts",
    doc: "requests that wait until a program can run for them",
    precedent: "no other server has it; past it: 503",
  },
  model: {
    type: "string",
    default: undefined,
    flag: "model",
    value: "MODEL",
    choices: ["event-loop", "serial", "threads", "processes"],
    group: "Workers",
    doc: "event-loop, serial (one request at a time), threads or processes; processes if there are several workers",
  },
  workers: {
    type: "string",
    default: undefined,
    flag: "workers",
    short: "w",
    env: "WEB_CONCURRENCY",
    value: "N",
    orNumber: true,
    group: "Workers",
    doc: "how many threads or processes, or auto: one for each core that a container or service may use",
    precedent: "gunicorn and Puma read WEB_CONCURRENCY",
  },
  probe: {
    type: "string",
    default: undefined,
    flag: "probe",
    value: "PATH",
    group: "Workers",
    doc: "ask a new worker's application for PATH before it counts as ready; below 500 passes",
  },
  workerTimeout: {
    type: "integer",
    default: 30_000,
    flag: "worker-timeout",
    value: "MS",
    group: "Workers",
    doc: "milliseconds a worker may be blocked before it is reported, killed and replaced; 0 for any time",
    precedent: "gunicorn timeout 30 s",
  },
  maxRequests: {
    type: "integer",
    default: 0,
    flag: "max-requests",
    value: "N",
    group: "Workers",
    doc: "requests after which a worker is replaced, checked once a second; 0 for any number",
    precedent: "gunicorn max_requests 0",
  },
  maxRequestsJitter: {
    type: "integer",
    default: 0,
    flag: "max-requests-jitter",
    value: "N",
    group: "Workers",
    doc: "up to so many requests more, by lot, so that workers are not replaced together",
    precedent: "gunicorn max_requests_jitter 0",
  },
  maxRss: {
    type: "integer",
    default: 0,
    flag: "max-rss",
    value: "MB",
    group: "Workers",
    doc: "megabytes of memory after which a worker process is replaced; 0 for any amount",
  },
  pid: {
    type: "string",
    default: undefined,
    flag: "pid",
    value: "FILE",
    group: "Output",
    doc: "write the number of the process to signal into this file, for as long as it runs",
    precedent: "gunicorn --pid",
  },
  accessLog: {
    type: "string",
    default: undefined,
    flag: "access-log",
    value: "FILE",
    implied: "-",
    group: "Output",
    doc: "write a line for each request, to standard output or to the end of this file; SIGUSR1 opens it again",
    precedent: "gunicorn --access-logfile",
  },
  accessLogFormat: {
    type: "string",
    default: undefined,
    flag: "access-log-format",
    value: "FORMAT",
    group: "Output",
    doc: "common, combined, json, or gunicorn's atoms, such as '%(h)s %(s)s %(D)s'; combined if not given",
    precedent: "Apache and nginx: combined",
  },
  logFormat: {
    type: "string",
    default: "text",
    flag: "log-format",
    value: "FORMAT",
    choices: ["text", "json"],
    group: "Output",
    doc: "how errors are written to standard error: text or json, each in a line",
  },
  admin: {
    type: "string",
    default: undefined,
    flag: "admin",
    value: "ADDR",
    implied: "127.0.0.1:9901",
    group: "Output",
    doc: "serve the live page, metrics and health checks: on loopback at this PORT, at HOST:PORT, or everywhere at :PORT",
    precedent: "Envoy: 9901",
  },
  check: {
    type: "boolean",
    default: false,
    flag: "check",
    group: "Output",
    doc: "load everything, say what would run, and end: with 0 if it can",
    precedent: "gunicorn --check-config, nginx -t",
  },
  open: {
    type: "boolean",
    default: false,
    flag: "open",
    group: "Output",
    doc: "open the address in a browser",
  },
  quiet: {
    type: "boolean",
    default: false,
    flag: "quiet",
    short: "q",
    group: "Output",
    doc: "print nothing but errors",
  },
  "limits.maxRequestLineSize": {
    type: "integer",
    default: 8 * 1024,
    flag: "max-request-line-size",
    value: "BYTES",
    group: "Limits",
    doc: "bytes of a request line",
    precedent: "nginx 8 KiB, gunicorn 4 KiB; past it: 414",
  },
  "limits.maxHeaderSize": {
    type: "integer",
    default: 64 * 1024,
    flag: "max-header-size",
    value: "BYTES",
    group: "Limits",
    doc: "bytes of a header section, and of a trailer section",
    precedent: "nginx 32 KiB, node 16 KiB; past it: 431",
  },
  "limits.maxFieldSize": {
    type: "integer",
    default: 16 * 1024,
    flag: "max-field-size",
    value: "BYTES",
    group: "Limits",
    doc: "bytes of one field line",
    precedent: "nginx, Apache and gunicorn 8 KiB; past it: 431",
  },
  "limits.maxHeaderCount": {
    type: "integer",
    default: 100,
    flag: "max-header-count",
    value: "N",
    group: "Limits",
    doc: "field lines of a section",
    precedent: "gunicorn and Apache 100; past it: 431",
  },
  "limits.maxRequestBodySize": {
    type: "integer",
    default: 128 * 1024 * 1024,
    flag: "max-request-body-size",
    value: "BYTES",
    group: "Limits",
    doc: "bytes of a request body",
    precedent: "Bun 128 MiB; past it: 413",
  },
  "limits.minReceiveRate": {
    type: "integer",
    default: 240,
    flag: "min-receive-rate",
    value: "BYTES",
    group: "Limits",
    doc: "bytes a second that a request body must bring on average, once timeouts.receive has passed",
    precedent: "Kestrel and IIS 240; below it: 408",
  },
  "limits.maxRequestsPerConnection": {
    type: "integer",
    default: 0,
    flag: "max-requests-per-connection",
    value: "N",
    group: "Limits",
    doc: "requests that one connection may bring; 0 for any number",
    precedent: "node any number, nginx 1000; the last response announces the close",
  },
  "limits.maxConnections": {
    type: "integer",
    default: 10_000,
    flag: "max-connections",
    value: "N",
    group: "Limits",
    doc: "connections open at a time; at most as many as leave an eighth of the free descriptors; 0 for no other limit",
    precedent: "nginx 512 a worker, Apache 400; past it: 503 and a close",
  },
  "limits.maxConnectionsPerClient": {
    type: "integer",
    default: 1000,
    flag: "max-connections-per-client",
    value: "N",
    group: "Limits",
    doc: "of these, from one IPv4 address or IPv6 /64; not counted over loopback; 0 for any number",
    precedent: "no other server has it; browsers open 6; past it: 503 and a close",
  },
  "timeouts.headers": {
    type: "integer",
    default: 10_000,
    flag: "headers-timeout",
    value: "MS",
    group: "Timeouts",
    doc: "milliseconds for a whole request head, from the accept or from its first byte",
    precedent: "uWebSockets 10 s, Bun 12 s; past it: 408, or a plain close when nothing was sent",
  },
  "timeouts.receive": {
    type: "integer",
    default: 10_000,
    flag: "receive-timeout",
    value: "MS",
    group: "Timeouts",
    doc: "milliseconds a request body may stand still before its rate is asked for",
    precedent: "uWebSockets 10 s; past it: 408",
  },
  "timeouts.send": {
    type: "integer",
    default: 30_000,
    flag: "send-timeout",
    value: "MS",
    group: "Timeouts",
    doc: "milliseconds a client may take nothing of a response that waits for it",
    precedent: "nginx send_timeout 60 s; past it: the connection is cut",
  },
  "timeouts.idle": {
    type: "integer",
    default: 5_000,
    flag: "idle-timeout",
    value: "MS",
    group: "Timeouts",
    doc: "milliseconds a kept connection waits for its next request",
    precedent: "node and uvicorn 5 s; past it: closed",
  },
  "timeouts.linger": {
    type: "integer",
    default: 2_000,
    flag: "linger-timeout",
    value: "MS",
    group: "Timeouts",
    doc: "milliseconds a closed connection waits for the client's end, so that the last response is not lost to a reset",
    precedent: "nginx lingering_timeout 5 s, Apache 2 s",
  },
  "timeouts.grace": {
    type: "integer",
    default: 30_000,
    flag: "grace-timeout",
    value: "MS",
    group: "Timeouts",
    doc: "milliseconds that requests in flight, and then the application's close(), may take once the server closes",
    precedent: "gunicorn and Puma 30 s; past it: the connection is cut",
  },
} as const satisfies Record<string, OptionSpec>;

export type OptionKey = keyof typeof OPTIONS;

/** What an option's value is, once it has been read. */
export type OptionValue<Option extends OptionSpec> = Option extends { choices: readonly (infer Choice)[] }
  ? Choice
  : Option["type"] extends "boolean"
    ? boolean
    : Option["type"] extends "string"
      ? string
      : Option["type"] extends "strings"
        ? readonly string[]
        : number;

type Section<Prefix extends string> = {
  readonly [Key in OptionKey as Key extends `${Prefix}.${infer Name}` ? Name : never]: number;
};

/** What one request or connection may take, by name; each has a default in `OPTIONS`. */
export type Limits = Section<"limits">;
/** How long each state of a connection may last, in milliseconds. */
export type Timeouts = Section<"timeouts">;

export const DEFAULT_LIMITS: Limits = section("limits");
export const DEFAULT_TIMEOUTS: Timeouts = section("timeouts");

function section<Prefix extends "limits" | "timeouts">(prefix: Prefix): Section<Prefix> {
  const entries = Object.entries(OPTIONS)
    .filter(([key]) => key.startsWith(`${prefix}.`))
    .map(([key, option]) => [key.slice(prefix.length + 1), option.default]);
  return Object.fromEntries(entries) as Section<Prefix>;
}
