/** Links on a Redis server, which many machines can share. */
import { createClient } from "redis";
import { codeOf, idOf, type Link, latestIds, type Store } from "./store.ts";

/** @throws {Error} (rejects) when no server answers at `url`. */
export async function redisStore(url: string): Promise<Store> {
  let isKnown = false;
  const redis = createClient({
    url,
    // A server that was there will be back; until then, whoever asks is told at once.
    socket: { connectTimeout: 2000, reconnectStrategy: (retries) => isKnown && Math.min(50 * 2 ** retries, 2000) },
    disableOfflineQueue: true,
  });
  // An error is told to whoever has asked; without a listener, it would end the process instead.
  redis.on("error", () => {});
  await redis.connect();
  isKnown = true;

  const find = async (id: number): Promise<Link | null> => {
    const { url, clicks, created } = await redis.hGetAll(`shortly:link:${id}`);
    return url === undefined ? null : { code: codeOf(id), url, clicks: Number(clicks), created: Number(created) };
  };
  return {
    async add(url) {
      const known = await redis.hGet("shortly:ids", url);
      if (known !== null) return (await find(Number(known)))!;
      const id = await redis.incr("shortly:last");
      await redis.hSet(`shortly:link:${id}`, { url, clicks: 0, created: Date.now() });
      // Of two that add the same address at once, both links work, and the first one's is the known one.
      await redis.hSetNX("shortly:ids", url, String(id));
      return (await find(id))!;
    },
    find: (code) => find(idOf(code)),
    async click(code) {
      const key = `shortly:link:${idOf(code)}`;
      const url = await redis.hGet(key, "url");
      if (url !== null) await redis.hIncrBy(key, "clicks", 1);
      return url;
    },
    async latest(count) {
      const last = Number((await redis.get("shortly:last")) ?? 0);
      const links = await Promise.all(latestIds(last, count).map(find));
      // One that has its number already, and is being written.
      return links.filter((link) => link !== null);
    },
  };
}
