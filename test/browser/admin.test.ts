/** The live page in a real browser, against the real command, with real clients. */
import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { folder } from "../support/folder.ts";
import { type Portico, startPortico } from "../support/portico.ts";
import { launchBrowser, noBrowser, visit } from "./support.ts";

const APPLICATION = `export default { async fetch(request) {
  const { pathname } = new URL(request.url);
  if (pathname === "/wait") await new Promise((resolve) => setTimeout(resolve, 60_000));
  if (pathname === "/broken") throw new Error("of the test");
  return new Response("hello");
} };`;

const LONG = ["--idle-timeout", "60000", "--headers-timeout", "60000"];

/** With its live page on a free port. */
async function startWatched(args: readonly string[]): Promise<{ portico: Portico; admin: string }> {
  const cwd = folder({ "server.mjs": APPLICATION });
  const portico = await startPortico(["server.mjs", "--admin=0", ...LONG, ...args], { cwd });
  const [, admin] = await portico.written(/own page is at (\S+)/);
  return { portico, admin: admin! };
}

/** A connection that has sent this, and its name in the page. */
async function client(portico: Portico, text: string): Promise<{ socket: net.Socket; name: string }> {
  const { port, hostname } = new URL(portico.url);
  const socket = net.connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  socket.on("error", () => {}).resume();
  await new Promise((resolve) => socket.once("connect", resolve));
  await new Promise((resolve) => socket.write(text, resolve));
  return { socket, name: `127.0.0.1:${socket.localPort}` };
}

/** The row of a client. */
function rowOf(page: Page, name: string) {
  return page.locator("#connections tbody tr", { has: page.getByRole("button", { name, exact: true }) });
}

describe("the live page", { skip: noBrowser, timeout: 240_000 }, () => {
  let portico: Portico;
  let admin: string;
  let browser: Browser;

  before(async () => {
    [{ portico, admin }, browser] = await Promise.all([startWatched([]), launchBrowser()]);
  });

  after(async () => {
    await browser?.close();
    portico?.child.kill("SIGKILL");
  });

  const open = (options: BrowserContextOptions = {}) => visit(browser, admin, options);

  test("shows connections as they come, what each waits for, and that it is gone", async () => {
    const { page, complaints } = await open();
    await page.getByText("Taking connections").waitFor();
    const [fresh, head, body, answer] = await Promise.all([
      client(portico, ""),
      client(portico, "GET / HT"),
      client(portico, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"),
      client(portico, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]);
    await rowOf(page, fresh.name).getByText("client's first byte").waitFor();
    await rowOf(page, head.name).getByText("rest of the head").waitFor();
    await rowOf(page, answer.name)
      .getByText(/application, .*: GET \/wait/)
      .waitFor();
    await page.locator("#slow").getByText(fresh.name).waitFor();
    for (const { socket } of [fresh, head, body, answer]) socket.end();
    for (const { name } of [fresh, head]) await rowOf(page, name).waitFor({ state: "detached" });
    // The application still works for one that has ended its side.
    if (process.platform === "linux")
      await rowOf(page, answer.name).getByText("CLOSE_WAIT, client FIN_WAIT2").waitFor();
    for (const { socket } of [fresh, head, body, answer]) socket.destroy();
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test("opens a connection's life from its button, by keyboard, through to TIME_WAIT", async () => {
    const { page, complaints } = await open();
    const { socket, name } = await client(portico, "GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
    await rowOf(page, name).getByRole("button").focus();
    await page.keyboard.press("Enter");
    const life = page.getByRole("dialog", { name });
    await life.getByText("now: idle").waitFor();
    const text = (await life.locator("#life-diagram").textContent())!;
    for (const part of ["SYN", "SYN, ACK", "ESTABLISHED", "GET /first", "200, 5 B"])
      assert.ok(text.includes(part), part);
    socket.write("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    socket.once("end", () => socket.end());
    await life.getByText("closed after").waitFor();
    if (process.platform === "linux") await life.getByText("TIME_WAIT").waitFor();
    await page.keyboard.press("Escape");
    await life.waitFor({ state: "hidden" });
    await page.getByRole("button", { name: /closed/ }).click();
    await rowOf(page, name).getByText("closed", { exact: true }).waitFor();
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test("shows requests with their outcomes, and what was refused; none of it is taken for markup", async () => {
    const { page, complaints } = await open();
    const { port } = new URL(portico.url);
    http.get({ port, path: "/broken", agent: false }, (response) => response.resume());
    await client(portico, "GET /<b>bold</b> HTTP/1.1\r\nHost: a\r\n\r\n");
    await client(portico, "GET /<script>document.title='x'</script> HTTP/1.1\r\nHost : a\r\n\r\n");
    const requests = page.locator("#requests tbody tr");
    await requests.filter({ hasText: "GET /broken" }).filter({ hasText: "failed" }).waitFor();
    await requests.filter({ hasText: "GET /<b>bold</b>" }).filter({ hasText: "complete" }).first().waitFor();
    await requests
      .filter({ hasText: "<script>" })
      .filter({ hasText: /400.*BAD_(FIELD_NAME|TARGET)/s })
      .waitFor();
    await page
      .locator("#limits")
      .getByText(/BAD_(FIELD_NAME|TARGET)/)
      .first()
      .waitFor();
    await page.getByLabel("Only those that failed").check();
    await requests.filter({ hasText: "complete" }).first().waitFor({ state: "detached" });
    await requests.filter({ hasText: "GET /broken" }).waitFor();
    assert.equal(await page.title(), "Portico, live");
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test("keeps the focus, pauses by a key, and finds a client", async () => {
    const { page } = await open();
    const [one, other] = await Promise.all([
      client(portico, "GET /wait?one HTTP/1.1\r\nHost: a\r\n\r\n"),
      client(portico, "GET /wait?other HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]);
    await rowOf(page, one.name).waitFor();
    await rowOf(page, other.name).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("wait?one");
    await rowOf(page, other.name).waitFor({ state: "detached" });
    await page.getByText("1 shown", { exact: true }).waitFor();
    const age = rowOf(page, one.name).locator("[data-label=Age]");
    await rowOf(page, one.name).getByRole("button").focus();
    const before = await age.textContent();
    await page.waitForFunction(([cell, text]) => cell?.textContent !== text, [
      await age.elementHandle(),
      before,
    ] as const);
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), one.name);
    await page.keyboard.press("p");
    await page.getByText("Paused").waitFor();
    assert.equal(await page.getByRole("button", { name: "Pause" }).getAttribute("aria-pressed"), "true");
    for (const { socket } of [one, other]) socket.destroy();
    await page.close();
  });

  for (const width of [320, 390, 900, 1280]) {
    test(`is no wider than a window of ${width} pixels`, async () => {
      const { socket, name } = await client(portico, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      const { page } = await open({ viewport: { width, height: 800 } });
      await rowOf(page, name).waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      await rowOf(page, name).getByRole("button").click();
      const dialog = await page.getByRole("dialog").boundingBox();
      assert.ok(dialog !== null && dialog.x >= 0 && dialog.x + dialog.width <= width);
      socket.destroy();
      await page.close();
    });
  }

  test("has a dark face, a heading for every part, and a name for every table and button", async () => {
    const { page } = await open({ colorScheme: "dark" });
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.ok(Math.max(...background.match(/\d+/g)!.map(Number)) < 60, background);
    const unnamed = await page.evaluate(() => {
      const lacking = (element: Element) => (element.getAttribute("aria-label") ?? element.textContent)!.trim() === "";
      return [
        ...[...document.querySelectorAll("button")].filter(lacking),
        ...[...document.querySelectorAll("table")].filter((table) => !table.caption?.textContent),
        ...[...document.querySelectorAll("section")].filter((section) => !section.getAttribute("aria-labelledby")),
        ...[...document.querySelectorAll("input")].filter((input) => input.labels?.length !== 1),
      ].map(({ outerHTML }) => outerHTML);
    });
    assert.deepEqual(unnamed, []);
    await page.close();
  });

  const SECRET = "GET /secret HTTP/1.1\r\nHost: a\r\nCookie: key=1234\r\n\r\n";
  const MODELS = ["event-loop", "threads", "processes"];

  for (const args of [["dev"], ...MODELS.map((model) => ["--model", model])]) {
    test(`shows in development the bytes that were sent: ${args.join(" ")}`, async () => {
      const cwd = folder({ "server.mjs": APPLICATION });
      const env = { NODE_ENV: "development" };
      const development = await startPortico([...args, "server.mjs", "--admin=0", ...LONG], { cwd, env });
      const [, url] = await development.written(/own page is at (\S+)/);
      const { page, complaints } = await visit(browser, url!);
      await page.getByText("Taking connections").waitFor();
      const { socket, name } = await client(development, SECRET);
      await rowOf(page, name).getByRole("button").click();
      await page.locator("#bytes").getByText("hello").waitFor();
      const text = (await page.locator("#bytes").textContent())!;
      const sent = "From the client, 51 BGET /secret HTTP/1.1\\r\\n\nHost: a\\r\\n\nCookie: key=1234\\r\\n\n\\r\\n\n";
      assert.ok(text.includes(sent), text);
      assert.match(text, /To the client, \d+ BHTTP\/1\.1 200 OK\\r\\n/);
      assert.deepEqual(complaints, []);
      socket.destroy();
      await page.close();
      development.child.kill("SIGKILL");
    });
  }

  test("says otherwise in their place why there are none", async () => {
    const { page } = await open();
    await page.getByText("Taking connections").waitFor();
    const { socket, name } = await client(portico, SECRET);
    await rowOf(page, name).getByRole("button").click();
    await page.getByRole("dialog").getByText("200, 5 B").waitFor();
    await page.getByRole("dialog").getByText("Kept in development only").waitFor();
    assert.equal(await page.locator("#bytes").textContent(), "");
    socket.destroy();
    await page.close();
  });

  test("says that the server is gone", async () => {
    const watched = await startWatched([]);
    const { page } = await visit(browser, watched.admin);
    await page.getByText("Taking connections").waitFor();
    watched.portico.child.kill("SIGKILL");
    await page.getByText("The server does not answer").waitFor();
    await page.close();
  });

  test("shows 1,000 connections of two workers by 100 and a count, and the workers", async () => {
    const watched = await startWatched(["--workers", "2"]);
    const clients: net.Socket[] = [];
    for (let i = 0; i < 1000; i++) clients.push((await client(watched.portico, "")).socket);
    const { page, complaints } = await visit(browser, watched.admin);
    await page.getByText(/^100 of 1,000 shown$/).waitFor();
    assert.equal(await page.locator("#connections tbody tr").count(), 100);
    assert.equal(await page.locator("#workers tbody tr").count(), 2);
    const fresh = page.getByRole("button", { name: /fresh/ });
    assert.match((await fresh.textContent())!, /^1,000/);
    const { name } = await client(watched.portico, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    await page.getByLabel("Client or request").fill(name);
    await rowOf(page, name)
      .getByText(/GET \/wait/)
      .waitFor();
    assert.deepEqual(complaints, []);
    for (const socket of clients) socket.destroy();
    watched.portico.child.kill("SIGKILL");
    await page.close();
  });
});
