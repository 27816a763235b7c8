/**
 * A UDP client that waits for its answer with a limit, and asks again.
 *
 * Shows: what TCP does by itself has to be done by hand here. A connected UDP socket hears nobody but its peer, and learns
 * from the kernel that nobody is there. Asking for the time twice does no harm; sending money twice would, and only
 * whoever asks knows.
 *
 * What is wrong with it: an answer that comes late is taken for the answer to the next question. Real protocols number
 * their questions, as DNS does.
 *
 * Try: npm run tour 06                        and then this, in another terminal
 *      npm run tour 07                        and then alone: it does not wait for nobody
 */
import { connectUdp, NetError } from "portico/net";

const TRIES = 3;
const [hostname = "127.0.0.1", port = process.env.PORT ?? "7890"] = process.argv.slice(2);
const socket = await connectUdp({ hostname, port: Number(port) });

async function ask(question: string): Promise<Buffer> {
  for (let tries = 1; ; tries++) {
    try {
      return await socket.request(question, { timeout: 500 });
    } catch (error) {
      if (!(error instanceof NetError) || error.code !== "ANSWER_TIMEOUT" || tries === TRIES) throw error;
      console.log(`no answer to "${question}": asked again`);
    }
  }
}

try {
  for (const question of ["one", "two", "three"]) console.log(String(await ask(question)));
} catch (error) {
  if (!(error instanceof NetError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
await socket.close();
