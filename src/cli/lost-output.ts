/**
 * A log that nobody reads any more, because its pipe was closed (`portico | head -1`) or its disk is full, is no reason to
 * stop serving: without a listener, the error of such a write would end the process. What is written then is lost.
 */
export function outliveOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}
