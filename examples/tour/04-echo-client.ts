/**
 * A client to talk with: each line you type is sent, each answer is shown, and an empty line ends it.
 *
 * Shows: many lines on one connection, and Portico's `connect`: it gives up after two seconds, tries all addresses that a name
 * has, and says with whom it could not connect and why.
 *
 * What is wrong with it: it takes the next line that comes for the answer to the last line it sent. A server that says
 * something unasked, such as a greeting, puts it one answer behind for good. And 03, its server so far, answers pieces: 05
 * is the one it deserves.
 *
 * Try: npm run tour 05                        and then this, in another terminal
 *      npm run tour 04 localhost 1            nobody is there, and it says so
 */
import { createInterface } from "node:readline";
import { connect, NetError } from "portico/net";

const [hostname = "127.0.0.1", port = process.env.PORT ?? "7890"] = process.argv.slice(2);

try {
  const connection = await connect({ hostname, port: Number(port), timeout: 2000 });
  const input = createInterface({ input: process.stdin, output: process.stdout, prompt: "> " });
  input.prompt();
  for await (const line of input) {
    if (line === "") break;
    await connection.write(`${line}\n`);
    const answer = await connection.readLine();
    if (answer === null) break;
    console.log(answer);
    input.prompt();
  }
  input.close();
  await connection.close();
} catch (error) {
  if (!(error instanceof NetError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
