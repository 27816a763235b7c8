/** What ends the command with a line for whoever typed it: 2 when it was typed wrongly, 1 when it cannot be done. */
export class CommandError extends Error {
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2) {
    super(message);
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}

export function usageError(message: string): CommandError {
  return new CommandError(message, 2);
}

export function failure(message: string): CommandError {
  return new CommandError(message, 1);
}
