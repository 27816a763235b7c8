/** What ends the command with a line for whoever typed it: 2 when it was typed wrongly, 1 when it cannot be done. */
export class CommandError extends Error {
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}

export function usageError(message: string): CommandError {
  return new CommandError(message, 2);
}

/** @param cause what was thrown, when that is more than the line says */
export function failure(message: string, cause?: unknown): CommandError {
  return new CommandError(message, 1, cause);
}
