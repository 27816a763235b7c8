import { createServer } from "node:http";
import serve from "serve-handler";

const [, port, files] = process.argv.slice(2);

// By default serve-handler sends no entity tag, and then never a 304; and it redirects from page.html to page.
const options = { public: files, etag: true, cleanUrls: false };

createServer((request, response) => serve(request, response, options)).listen(Number(port), "127.0.0.1");
