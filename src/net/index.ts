/** Sockets: TCP and UDP servers and clients; listening, reading and deadlines below them. */
export { type ConnectOptions, connect, type Endpoint, openSocket } from "./connect.ts";
export { Connection, type ConnectionOptions } from "./connection.ts";
export { Deadlines, Expiring, TICK } from "./deadlines.ts";
export { NET_CODES, type NetCode, NetError } from "./errors.ts";
export { Listener, type ListenOptions } from "./listener.ts";
export type { Attach, Reader } from "./reading.ts";
export {
  type StreamFunction,
  type StreamHandler,
  StreamRequestHandler,
  TcpServer,
  type TcpServerOptions,
} from "./tcp-server.ts";
export {
  type DatagramFunction,
  type DatagramHandler,
  DatagramRequestHandler,
  type ReceivedDatagram,
  UdpServer,
  type UdpServerOptions,
} from "./udp-server.ts";
export { connectUdp, type Datagram, openUdp, type UdpAddress, UdpSocket, type WaitOptions } from "./udp-socket.ts";
