/** What runs in the browser: takes looks as they come, and keeps the page in step with them. */
import type { ConnectionRow, Look, Piece, RequestRow } from "../look.ts";
import { lifeOf } from "./life.ts";
import { bytes, count, duration, STATES, slowness, waitsFor } from "./words.ts";

/** Rows of a table. More are no help to anybody, and cost: the count says how many there are. On a phone, fewer. */
const isNarrow = matchMedia("(max-width: 48rem)");
const mostRows = () => (isNarrow.matches ? 25 : 100);
const mostRequests = () => (isNarrow.matches ? 10 : 40);
const MOST_SLOW = 8;
/** Looks behind a line of figures. */
const HISTORY = 60;
/** Requests of a connection that are remembered for its life, and connections of which they are. */
const MOST_OF_ONE = 6;
const MOST_REMEMBERED = 2000;
/** Milliseconds from which a client counts as slow. */
const SLOW = 1000;

let look: Look | null = null;
let previous: Look | null = null;
let isPaused = false;
let chosenState = "";
let openLife = "";
const rates: number[] = [];
const histories = new Map<string, RequestRow[]>();

function byId<Element extends HTMLElement>(id: string): Element {
  return document.getElementById(id) as Element;
}

function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  text = "",
  className = "",
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (text !== "") element.textContent = text;
  if (className !== "") element.className = className;
  return element;
}

/** Leaves alone what is as it should be: a reader, a selection or the focus may be in it. */
function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

// The stream.

const source = new EventSource("events");
source.onmessage = ({ data }) => {
  const next: Look = JSON.parse(data);
  remember(next.requests);
  remember(next.notable);
  if (isPaused) return;
  previous = look;
  look = next;
  show();
};
source.onerror = () => {
  byId("status").className = "lost";
  setText(byId("status"), "The server does not answer");
};

/** Each request reaches several looks; the histories are of those connections that were heard of last. */
function remember(requests: readonly RequestRow[]): void {
  for (const request of requests.toReversed()) {
    const history = histories.get(request.connection) ?? [];
    if (history.some(({ id }) => id === request.id)) continue;
    history.push(request);
    history.sort((a, b) => a.at - b.at);
    if (history.length > MOST_OF_ONE) history.shift();
    histories.delete(request.connection);
    histories.set(request.connection, history);
  }
  for (const id of histories.keys()) {
    if (histories.size <= MOST_REMEMBERED) break;
    histories.delete(id);
  }
}

function show(): void {
  if (look === null) return;
  const status = byId("status");
  status.className = isPaused ? "" : "live";
  setText(status, isPaused ? "Paused" : look.ready ? "Taking connections" : "Draining: no new connections");
  setText(byId("version"), look.version);
  showFigures(look);
  showMachine(look);
  showConnections(look);
  showSlow(look);
  showLimits(look);
  showKernel(look);
  showRequests(look);
  showWorkers(look);
  if (openLife !== "") showLife();
}

// Figures.

function showFigures(now: Look): void {
  const seconds = previous === null ? 0 : (now.now - previous.now) / 1000;
  const rate = (name: "requests" | "received" | "sent" | "accepted") =>
    seconds <= 0 ? 0 : Math.max(0, (now.totals[name] - previous!.totals[name]) / seconds);
  if (seconds > 0 && !isPaused) rates.push(rate("requests"));
  if (rates.length > HISTORY) rates.shift();
  const inFlight = now.connections.filter(({ request }) => request !== null).length;
  const figures = [
    ["Connections", count(now.open)],
    ["Requests/s", count(Math.round(rate("requests")))],
    ["In flight", count(inFlight)],
    ["In/s", bytes(Math.round(rate("received")))],
    ["Out/s", bytes(Math.round(rate("sent")))],
    ["Accepted", count(now.totals.accepted)],
    ["Requests", count(now.totals.requests)],
    ["Failed", count(now.totals.failed)],
    ...Object.entries(now.waiting).map(([queue, waiting]) => [`Waiting: ${queue}`, count(waiting)] as const),
  ] as const;
  const list = byId("figures");
  for (const [index, [name, value]] of figures.entries()) {
    let box = list.children[index];
    if (box === undefined) {
      box = make("div");
      box.append(make("dt", name), make("dd"));
      list.append(box);
    }
    setText(box.children[1]!, value);
    if (index === 1) drawRates(box);
  }
}

/** The last minute of requests a second, as a line. */
function drawRates(box: Element): void {
  const top = Math.max(1, ...rates);
  const points = rates.map((rate, index) => `${index},${(24 - (rate / top) * 22).toFixed(1)}`).join(" ");
  const svg = box.querySelector("svg");
  if (svg !== null) return svg.firstElementChild!.setAttribute("points", points);
  const namespace = "http://www.w3.org/2000/svg";
  const image = document.createElementNS(namespace, "svg");
  image.setAttribute("viewBox", `0 0 ${HISTORY - 1} 25`);
  image.setAttribute("preserveAspectRatio", "none");
  image.setAttribute("aria-hidden", "true");
  image.append(document.createElementNS(namespace, "polyline"));
  box.append(image);
}

// Connections.

function showMachine({ states, closed, open }: Look): void {
  const machine = byId("machine");
  const boxes = [["", "all that are open"], ...STATES] as const;
  for (const [index, [state, meaning]] of boxes.entries()) {
    let button = machine.children[index];
    if (button === undefined) {
      button = make("button");
      (button as HTMLButtonElement).type = "button";
      button.append(make("b"), make("span", state || "open"), make("small", meaning, "soft"));
      button.addEventListener("click", () => {
        chosenState = state;
        show();
      });
      machine.append(button);
    }
    const number = state === "" ? open : state === "closed" ? closed.length : (states[state] ?? 0);
    setText(button.firstElementChild!, count(number));
    button.classList.toggle("zero", number === 0);
    button.setAttribute("aria-pressed", String(chosenState === state));
  }
}

function showConnections(now: Look): void {
  const wanted = byId<HTMLInputElement>("filter").value.trim().toLowerCase();
  const rows = (chosenState === "closed" ? now.closed.toReversed() : now.connections).filter(
    ({ state, client, request }) =>
      (chosenState === "" || state === chosenState) &&
      (wanted === "" || client.includes(wanted) || request?.line.toLowerCase().includes(wanted)),
  );
  const inAll = chosenState === "" ? now.open : chosenState === "closed" ? rows.length : (now.states[chosenState] ?? 0);
  const shown = rows.slice(0, mostRows());
  const all = wanted === "" ? inAll : rows.length;
  setText(byId("count"), shown.length < all ? `${shown.length} of ${count(all)} shown` : `${count(all)} shown`);
  byId("none").hidden = shown.length > 0;
  fill(byId<HTMLTableElement>("connections"), shown, (row) => cellsOf(row, now.now));
}

type Cell = readonly [text: string, className: string, label: string];

function cellsOf(row: ConnectionRow, now: number): Cell[] {
  const { client, state, since, until, requests, received, sent, tcp, clientTcp } = row;
  const kernel = clientTcp === undefined || clientTcp === tcp ? (tcp ?? "") : `${tcp ?? "none"}, client ${clientTcp}`;
  return [
    [client || "unix socket", "client", ""],
    [state, "", ""],
    [waitsFor(row, now), "wide", ""],
    [duration((until || now) - since), "n", "Age"],
    [count(requests), "n", "Requests"],
    [bytes(received), "n", "In"],
    [bytes(sent), "n", "Out"],
    [kernel, "kernel wide", ""],
  ];
}

/** Keeps a row for as long as what it is about: the focus stays where it is. */
function fill<Row extends { readonly id: string }>(
  table: HTMLTableElement,
  rows: readonly Row[],
  cells: (row: Row) => readonly Cell[],
): void {
  const body = table.tBodies[0]!;
  const present = new Map([...body.rows].map((tr) => [tr.dataset.id!, tr]));
  let at: HTMLTableRowElement | null = body.rows[0] ?? null;
  for (const row of rows) {
    const tr = present.get(row.id) ?? newRow(row.id, cells(row));
    present.delete(row.id);
    for (const [index, [text]] of cells(row).entries()) {
      const td = tr.cells[index]!;
      setText(td.firstElementChild instanceof HTMLButtonElement ? td.firstElementChild : td, text);
    }
    if (tr === at) at = tr.nextElementSibling as HTMLTableRowElement | null;
    else body.insertBefore(tr, at);
  }
  for (const tr of present.values()) tr.remove();
}

function newRow(id: string, cells: readonly Cell[]): HTMLTableRowElement {
  const tr = make("tr");
  tr.dataset.id = id;
  for (const [, className, label] of cells) {
    const td = make("td", "", className);
    if (label !== "") td.dataset.label = label;
    if (className === "client") {
      const button = make("button");
      button.type = "button";
      button.addEventListener("click", () => open(id));
      td.append(button);
    }
    tr.append(td);
  }
  return tr;
}

// A connection's life.

function open(id: string): void {
  openLife = id;
  showLife();
  byId<HTMLDialogElement>("life").showModal();
}

function showLife(): void {
  const row = [...(look?.connections ?? []), ...(look?.closed ?? [])].find(({ id }) => id === openLife);
  if (row === undefined) return setText(byId("life-now"), "It is gone.");
  const worker = row.id.replace(/ \d+$/, "");
  setText(byId("life-title"), `${row.client || "unix socket"}`);
  const waits = waitsFor(row, look!.now);
  const words = `${row.state}${waits === "" ? "" : `, waits for ${waits}`}; ${bytes(row.received)} in, ${bytes(row.sent)} out; ${worker}`;
  setText(byId("life-now"), words);
  void showBytes(row);
  const diagram = byId("life-diagram");
  const cells = [make("div", "Client", "end left"), make("div", "", "end"), make("div", "Server", "end right")];
  for (const { client, text, server, way, when } of lifeOf(
    row,
    histories.get(row.id) ?? [],
    look!.now,
    look!.kernel !== null,
  )) {
    const mark = when === "past" ? "" : when === "now" ? " here" : " later";
    const middle = make("div", text, way === "note" ? `note${mark}` : `arrow ${way}${mark}`);
    if (way !== "note") {
      // What the arrow says to the eye.
      middle.prepend(make("span", way === "in" ? "Client sends " : "Server sends ", "hidden"));
    }
    cells.push(make("div", client, `left${mark}`), middle, make("div", server, `right${mark}`));
  }
  const sum = cells.map(({ textContent, className }) => `${textContent} ${className}`).join("\n");
  if (diagram.dataset.sum === sum) return;
  diagram.dataset.sum = sum;
  diagram.replaceChildren(...cells);
}

/** Passwords and cookies are among them. */
const UNKEPT = "Kept in development only, by portico dev or with NODE_ENV=development, and shown on this machine only.";
const UNTIL_TAKEN = "Those of the protocol that has taken the connection over are not kept.";

/** In development, what was sent: control characters as they are typed in a program, so that each CR and LF can be seen. */
async function showBytes({ id, state }: ConnectionRow): Promise<void> {
  const response = await fetch(`bytes?id=${encodeURIComponent(id)}`).catch(() => null);
  const pieces: readonly Piece[] | null = response && (await response.json());
  if (id !== openLife) return;
  setText(
    byId("bytes-none"),
    pieces === null ? UNKEPT : state === "taken" ? UNTIL_TAKEN : pieces.length === 0 ? "None that are kept." : "",
  );
  const list = byId("bytes");
  const sum = JSON.stringify(pieces);
  if (list.dataset.sum === sum) return;
  list.dataset.sum = sum;
  const items = (pieces ?? []).map(({ way, text, length }) => {
    const item = make("li", "", way);
    const rest = length > text.length ? `, the first ${text.length} shown` : "";
    item.append(make("span", `${way === "in" ? "From the client" : "To the client"}, ${bytes(length)}${rest}`));
    const pre = make("pre");
    for (const part of text.split(/(\p{Cc}*?\n|\p{Cc}+)/u)) {
      pre.append(/^\p{Cc}/u.test(part) ? make("i", escapes(part)) : part, part.endsWith("\n") ? "\n" : "");
    }
    item.append(pre);
    return item;
  });
  list.replaceChildren(...items);
}

function escapes(controls: string): string {
  return controls.replace(/\p{Cc}/gu, (control) => {
    const name = { "\r": "r", "\n": "n", "\t": "t" }[control];
    return `\\${name ?? `x${control.charCodeAt(0).toString(16).padStart(2, "0")}`}`;
  });
}

byId("life").addEventListener("close", () => {
  openLife = "";
});

// The rest.

function showSlow({ connections, now }: Look): void {
  const slow = connections
    .map((row) => ({ row, time: slowness(row, now) }))
    .filter(({ time }) => time >= SLOW)
    .sort((a, b) => b.time - a.time);
  const items = slow
    .slice(0, MOST_SLOW)
    .map(({ row, time }) => `${row.client}\t${waitsFor(row, now)}, ${duration(time)}`);
  if (slow.length > MOST_SLOW) items.push(`and ${slow.length - MOST_SLOW} more\t`);
  fillList(byId("slow"), items, "None keeps the server waiting.");
}

function showLimits({ limits }: Look): void {
  const items = Object.entries(limits).sort(([, a], [, b]) => b - a);
  fillList(
    byId("limits"),
    items.map(([name, times]) => `${name}\t${count(times)}`),
    "None so far.",
  );
}

/** Two columns, apart by a tab. */
function fillList(list: HTMLElement, items: readonly string[], nothing: string): void {
  const wanted = items.length === 0 ? [`${nothing}\t`] : items;
  wanted.forEach((item, index) => {
    const [left = "", right = ""] = item.split("\t");
    let li = list.children[index];
    if (li === undefined) {
      li = make("li");
      li.append(make("span"), make("span", "", "n"));
      list.append(li);
    }
    setText(li.children[0]!, left);
    setText(li.children[1]!, right);
  });
  while (list.children.length > wanted.length) list.lastElementChild!.remove();
}

/** In the order of a connection's life (RFC 9293 §3.3.2), as Linux spells them. */
const TCP_STATES = [
  ...["LISTEN", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "CLOSING"],
  ...["CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE"],
];

function showKernel({ kernel }: Look): void {
  const box = byId("kernel");
  if (kernel === null) return setText(box, "Only Linux tells, and only of TCP.");
  const names = TCP_STATES.filter((name) => name in kernel.server || name in kernel.client);
  const wanted = names.map((name): [string, number, string] => {
    const client = kernel.client[name] ?? 0;
    const notes = [
      name === "LISTEN" ? `${kernel.queue} wait to be accepted` : "",
      client > 0 ? `${count(client)} of clients on this machine` : "",
    ];
    return [name, kernel.server[name] ?? 0, notes.filter(Boolean).join(", ")];
  });
  wanted.forEach(([name, number, note], index) => {
    let item = box.children[index];
    if (item === undefined) {
      item = make("div");
      item.append(make("code"), make("b"), make("small"));
      box.append(item);
    }
    setText(item.children[0]!, name);
    setText(item.children[1]!, count(number));
    setText(item.children[2]!, note);
  });
  while (box.children.length > wanted.length) box.lastElementChild!.remove();
}

function showRequests({ requests, notable, now }: Look): void {
  const shown = (byId<HTMLInputElement>("notable").checked ? notable : requests).slice(0, mostRequests());
  const longest = Math.max(...shown.map(({ waiting, sending }) => waiting + sending));
  const table = byId<HTMLTableElement>("requests");
  fill(table, shown, ({ at, waiting, sending, line, status, outcome, fault, received, sent }) => [
    [`${duration(now - at - waiting - sending)} ago`, "", ""],
    [line || "(nothing that could be read)", "line wide", ""],
    [String(status), "", ""],
    [fault ?? outcome, "", ""],
    [duration(waiting + sending), "time", ""],
    [bytes(received), "n", "In"],
    [bytes(sent), "n", "Out"],
  ]);
  for (const [index, { waiting, sending, outcome }] of shown.entries()) {
    const { cells } = table.tBodies[0]!.rows[index]!;
    cells[3]!.classList.toggle("bad", outcome !== "complete" && outcome !== "taken");
    showPhases(cells[4]!, waiting / longest, sending / longest);
  }
}

function showPhases(cell: HTMLTableCellElement, waiting: number, sending: number): void {
  if (cell.querySelector(".phases") !== null) return;
  const bar = make("span", "", "phases");
  bar.setAttribute("aria-hidden", "true");
  for (const [part, className] of [
    [waiting, "wait"],
    [sending, "send"],
  ] as const) {
    const piece = make("i", "", className);
    piece.style.width = `${Math.max(part * 100, part > 0 ? 2 : 0)}%`;
    bar.append(piece);
  }
  cell.prepend(bar);
}

function showWorkers({ workers, ends, now }: Look): void {
  const rows = workers.map((worker) => ({ ...worker, id: worker.name }));
  fill(byId<HTMLTableElement>("workers"), rows, ({ name, state, since, connections }) => [
    [name, "wide", ""],
    [state, "", ""],
    [duration(now - since), "n", "Age"],
    [count(connections), "n", "Connections"],
  ]);
  const { died = 0, drained = 0, failed = 0 } = ends;
  const isOne = Object.keys(ends).length === 0;
  setText(
    byId("ends"),
    isOne ? "" : `${died} died and were replaced, ${drained} were let go, ${failed} did not start.`,
  );
}

// Keys and buttons.

function pause(): void {
  isPaused = !isPaused;
  byId("pause").setAttribute("aria-pressed", String(isPaused));
  show();
}

byId("pause").addEventListener("click", pause);
byId("filter").addEventListener("input", show);
byId("notable").addEventListener("change", show);
document.addEventListener("keydown", (event) => {
  if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "p") pause();
  if (event.key !== "/") return;
  event.preventDefault();
  byId("filter").focus();
});
