/** The commands, by the first word. A module of `commands/` is loaded when its command is asked for. */

export interface CommandModule {
  /** Takes the words behind the command's name. @throws {CommandError} when it cannot do what they say. */
  run(words: readonly string[]): Promise<void>;
}

export interface CommandSpec {
  /** What it is for, as the help of all says; its own `--help` says the rest. */
  readonly doc: string;
  readonly load: () => Promise<CommandModule>;
}

export const COMMANDS: Readonly<Record<string, CommandSpec>> = {
  serve: {
    doc: "what portico does without a command's name",
    load: () => import("./commands/serve.ts"),
  },
  dev: {
    doc: "the same for development: loads again what is saved",
    load: () => import("./commands/dev.ts"),
  },
  fetch: {
    doc: "curl's role: asks a server, and shows the wire",
    load: () => import("./commands/fetch.ts"),
  },
  config: {
    doc: "explain: what each option is, and who says so",
    load: () => import("./commands/config.ts"),
  },
  tcp: {
    doc: "netcat's role: echo, connect, listen; stream servers",
    load: () => import("./commands/tcp.ts"),
  },
  udp: {
    doc: "datagrams: echo, send",
    load: () => import("./commands/udp.ts"),
  },
};

export interface Call {
  readonly load: CommandSpec["load"];
  readonly words: readonly string[];
}

/** A first word that is no command's name is `serve`'s ENTRY; a directory with such a name is written `./NAME`. */
export function findCommand(args: readonly string[]): Call {
  const [name = "", ...words] = args;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  return command === undefined ? { load: COMMANDS.serve!.load, words: args } : { load: command.load, words };
}
