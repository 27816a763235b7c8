/** What a page runs to follow its sources. Written as a function, so that it is checked like everything else here. */
export function followSources(events: string): void {
  const { version } = document.currentScript!.dataset;
  let source: EventSource | null = null;

  // A hidden page asks when it is shown again: browsers keep six connections to a host, for all their tabs together.
  const follow = () => {
    source?.close();
    source = null;
    if (document.hidden) return;
    source = new EventSource(events);
    source.addEventListener("version", (event) => {
      if (event.data === version) return;
      // Once is enough.
      source?.close();
      location.reload();
    });
    source.addEventListener("styles", swapStyles);
  };

  /** Loads every stylesheet of this origin again, and takes the old one away when the new one is there. */
  const swapStyles = () => {
    for (const late of document.querySelectorAll("link[data-portico]")) late.remove();
    for (const old of document.querySelectorAll<HTMLLinkElement>('link[rel~="stylesheet"][href]')) {
      const url = new URL(old.href);
      if (url.origin !== location.origin) continue;
      url.searchParams.set("portico", String(Date.now()));
      const fresh = old.cloneNode() as HTMLLinkElement;
      fresh.href = url.href;
      fresh.dataset.portico = "loading";
      fresh.addEventListener("load", () => {
        fresh.removeAttribute("data-portico");
        old.remove();
      });
      fresh.addEventListener("error", () => fresh.remove());
      old.after(fresh);
    }
  };

  document.addEventListener("visibilitychange", follow);
  follow();
}
