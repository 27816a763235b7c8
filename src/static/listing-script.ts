/**
 * What a listing does in a browser beyond what its markup does: it is sorted without being loaded again, filtered, walked
 * through by keyboard, and has its times in the reader's zone. The source of this function is sent in the page, so it may
 * use nothing from outside of it.
 */
export function enhance(): void {
  const body = document.querySelector("tbody:last-of-type") as HTMLTableSectionElement;
  const filter = document.querySelector("input")!;
  const status = document.querySelector("[role=status]")!;
  const up = document.querySelector("[rel=up]") as HTMLElement | null;
  const summary = status.textContent!;
  const { compare } = new Intl.Collator("en", { numeric: true });
  const two = (part: number) => String(part).padStart(2, "0");

  const rows = Array.from(body.rows, (row) => {
    const link = row.querySelector("a")!;
    const time = row.querySelector("time")!;
    const date = new Date(time.dateTime);
    time.firstChild!.nodeValue = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    time.lastChild!.textContent = ` ${two(date.getHours())}:${two(date.getMinutes())}`;
    return {
      ...{ row, link, name: link.textContent!.trim(), isDirectory: link.pathname.endsWith("/") },
      ...{ date: date.getTime(), size: Number(row.querySelector("data")?.value) },
    };
  });

  function sort(order: string): void {
    const column = order.replace("-", "");
    const sign = order === column ? 1 : -1;
    rows.sort((a, b) => {
      if (a.isDirectory !== b.isDirectory) return a.isDirectory ? -1 : 1;
      let difference = 0;
      if (column === "size" && !a.isDirectory) difference = a.size - b.size;
      if (column === "date") difference = a.date - b.date;
      return difference === 0 ? compare(a.name, b.name) * (column === "name" ? sign : 1) : difference * sign;
    });
    // Moved within the page, each row would cost the browser as much as all of them do outside of it.
    const place = body.parentElement!;
    body.remove();
    body.append(...rows.map(({ row }) => row));
    place.append(body);
    for (const button of document.querySelectorAll("thead button") as NodeListOf<HTMLButtonElement>) {
      const own = button.value.replace("-", "");
      const heading = button.parentElement!;
      if (own === column) heading.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      else heading.removeAttribute("aria-sort");
      button.value = own === column ? (sign > 0 ? `-${own}` : own) : own === "name" ? own : `-${own}`;
    }
    history.replaceState(null, "", order === "name" ? location.pathname : `?sort=${order}`);
  }

  function applyFilter(): void {
    const wanted = filter.value.trim().toLowerCase();
    let count = 0;
    for (const { row, name } of rows) {
      row.hidden = !name.toLowerCase().includes(wanted);
      if (!row.hidden) count++;
    }
    if (up !== null) up.closest("tr")!.hidden = wanted !== "";
    status.textContent = wanted === "" ? summary : `${count} of ${rows.length}`;
  }

  /** Does what a key stands for; `false` for one that stands for nothing here. */
  function act(key: string): boolean {
    const isTyping = document.activeElement === filter;
    const links = Array.from(document.querySelectorAll("tr:not([hidden]) a")) as HTMLElement[];
    const at = links.indexOf(document.activeElement as HTMLElement);
    if (key === "ArrowDown") links[Math.min(at + 1, links.length - 1)]?.focus();
    else if (key === "ArrowUp" && at >= 0) (links[at - 1] ?? filter).focus();
    else if (key === "Enter" && isTyping) rows.find(({ row }) => !row.hidden)?.link.click();
    else if (key === "Escape" && isTyping) {
      filter.value = "";
      filter.blur();
      applyFilter();
    } else if (isTyping) return false;
    else if (key === "/") filter.select();
    else if (key === "Home") links[0]?.focus();
    else if (key === "End") links.at(-1)?.focus();
    else if (key === "Backspace") up?.click();
    else return false;
    return true;
  }

  addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    if (act(event.key)) event.preventDefault();
  });
  document.forms[0]!.addEventListener("submit", (event) => {
    event.preventDefault();
    sort((event.submitter as HTMLButtonElement).value);
  });
  filter.addEventListener("input", applyFilter);
  // A page that the browser comes back to has what was typed into it.
  addEventListener("pageshow", applyFilter);
  document.querySelector("thead small")!.remove();
  const top = document.querySelector("h1 bdi")!;
  top.textContent = location.host + (top.textContent!.startsWith("/") ? top.textContent : "");
  document.documentElement.className = "enhanced";
  // Whoever comes up from a directory goes on from there.
  rows.find(({ link, isDirectory }) => isDirectory && document.referrer.startsWith(link.href))?.link.focus();
}
