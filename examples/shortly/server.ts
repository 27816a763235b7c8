/**
 * Shortly, a URL shortener: `npm run shortly`. Links are kept in `SHORTLY_DATA` (a directory, by default `data` beside this
 * file), or on the Redis server that `REDIS_URL` names.
 */
import { fileURLToPath } from "node:url";
import { shortly } from "./app.ts";
import { lmdbStore } from "./store-lmdb.ts";
import { redisStore } from "./store-redis.ts";

const { REDIS_URL, SHORTLY_DATA = fileURLToPath(new URL("data", import.meta.url)) } = process.env;

export default shortly(REDIS_URL ? await redisStore(REDIS_URL) : lmdbStore(SHORTLY_DATA));
