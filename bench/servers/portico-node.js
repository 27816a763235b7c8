/** The listeners that node:http is measured with, through Portico's node gateway. */
import { fromNodeListener } from "../../dist/gateway/index.js";
import { Server } from "../../dist/server/index.js";
import { listeners } from "./listeners.js";

const [serves, port, files] = process.argv.slice(2);

new Server(fromNodeListener(await listeners[serves](files)), { port: Number(port) });
