/** The echo service, with a clock if asked for. */
import type { StreamFunction } from "../../net/tcp-server.ts";
import type { DatagramFunction } from "../../net/udp-server.ts";

/** Every byte as it came (RFC 862). */
export const echo: StreamFunction = async (connection) => {
  for await (const piece of connection) await connection.write(piece);
};

/** Every line as `[Sat Nov 21 07:26:58 2026] line`. */
export const clock: StreamFunction = async (connection) => {
  for await (const line of connection.lines()) await connection.write(`[${ctime(new Date())}] ${line}\n`);
};

export const echoDatagram: DatagramFunction = ({ bytes, reply }) => reply(bytes);

export const clockDatagram: DatagramFunction = ({ bytes, reply }) => {
  return reply(Buffer.concat([Buffer.from(`[${ctime(new Date())}] `), bytes]));
};

/** Local time as C's ctime(3) writes it, which is what such servers have always answered with. */
function ctime(date: Date): string {
  const [weekday, month, , year, time] = date.toString().split(" ");
  return `${weekday} ${month} ${String(date.getDate()).padStart(2)} ${time} ${year}`;
}
