import { createServer } from "node:http";
import { listeners } from "./listeners.js";

const [serves, port, files] = process.argv.slice(2);

createServer(await listeners[serves](files)).listen(Number(port), "127.0.0.1");
