/** The access log: one line for each request that has ended, however it did. */
import type { ServerObserver } from "../server/events.ts";
import { accessFormat } from "./access-format.ts";
import { LineWriter } from "./line-writer.ts";

export interface AccessLogOptions {
  /** Where to: a path, to append to; `-` for standard output. */
  readonly file: string;
  /** `common`, `combined`, `json`, or gunicorn's atoms. */
  readonly format: string;
  /** Told in a line what cannot be written. */
  readonly report: (line: string) => void;
}

/** An access log, as an observer of servers. */
export interface AccessLog extends Pick<ServerObserver, "ended"> {
  /** Opens the file again by its name, once it has been moved away. */
  reopen(): Promise<void>;
  /** Writes what there is, and ends. */
  close(): Promise<void>;
}

/** @throws {Error} when the format is none, or with the system's `code` when the file cannot be opened. */
export function openAccessLog({ file, format, report }: AccessLogOptions): AccessLog {
  const lineOf = accessFormat(format);
  const writer = new LineWriter({ file, report });
  return {
    ended: (request) => writer.write(lineOf(request)),
    reopen: () => writer.reopen(),
    close: () => writer.close(),
  };
}
