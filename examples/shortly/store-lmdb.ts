/** Links in a directory of this machine, by LMDB: a library and no server. Several processes may have it open at once. */
import { createHash } from "node:crypto";
import { open } from "lmdb";
import { codeOf, idOf, type Link, latestIds, type Store } from "./store.ts";

/** Characters of a key: LMDB takes 1978 bytes. */
const LONGEST_KEY = 1000;

/** What an address is found by. */
function keyOf(url: string): string {
  return url.length <= LONGEST_KEY ? url : createHash("sha256").update(url).digest("base64url");
}

type Kept = Omit<Link, "code">;

export function lmdbStore(directory: string): Store {
  const root = open({ path: directory });
  const links = root.openDB<Kept, number>({ name: "links" });
  const ids = root.openDB<number, string>({ name: "ids" });

  const last = () => [...links.getKeys({ reverse: true, limit: 1 })][0] ?? 0;
  const link = (id: number) => {
    const kept = links.get(id);
    return kept === undefined ? null : { ...kept, code: codeOf(id) };
  };
  return {
    // One transaction at a time writes, whichever process it belongs to; it sees what the ones before have written.
    add: (url) =>
      root.transaction(() => {
        const known = link(ids.get(keyOf(url)) ?? 0);
        if (known !== null) return known;
        const id = last() + 1;
        links.put(id, { url, clicks: 0, created: Date.now() });
        ids.put(keyOf(url), id);
        return link(id)!;
      }),
    find: async (code) => link(idOf(code)),
    click: (code) =>
      root.transaction(() => {
        const id = idOf(code);
        const kept = links.get(id);
        if (kept === undefined) return null;
        links.put(id, { ...kept, clicks: kept.clicks + 1 });
        return kept.url;
      }),
    async latest(count) {
      return latestIds(last(), count).map((id) => link(id)!);
    },
  };
}
