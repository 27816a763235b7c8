/** What is said once the server listens: where it can be reached, from here and from elsewhere. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import decodeQR from "qr/decode.js";
import { invitation } from "../../src/cli/invitation.ts";
import { localUrl, networkUrls } from "../../src/cli/network-urls.ts";
import { folder } from "../support/folder.ts";
import { follow, runPortico, startPortico } from "../support/portico.ts";

const BIN = fileURLToPath(new URL("../../bin/portico.js", import.meta.url));
const URLS = ["http://192.168.178.23:8000/", "http://[fd00::23]:8000/"];

/** The picture as dots: what is drawn on is dark where there is colour, and light where there is none. */
function scan(text: string, drawnIs: "dark" | "light"): string {
  const lines = text.split("\n").filter((line) => /^ {2}[█▀▄ ]+$/.test(line));
  const halves = lines.flatMap((line) => [/[█▀]/, /[█▄]/].map((half) => [...line.slice(2)].map((at) => half.test(at))));
  const rows = halves.map((row) => row.map((drawn) => drawn === (drawnIs === "dark")));
  const scale = 4;
  const [width, height] = [rows[0]!.length * scale, rows.length * scale];
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (rows[Math.floor(y / scale)]![Math.floor(x / scale)])
        data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return decodeQR({ width, height, data });
}

test("the picture is the first address, in colour or without", () => {
  const coloured = invitation(URLS, { hasColour: true, columns: 80 });
  assert.equal(scan(stripVTControlCharacters(coloured), "dark"), URLS[0]);
  assert.equal(scan(invitation(URLS, { hasColour: false, columns: 80 }), "light"), URLS[0]);
});

test("below it stand all addresses, which are all there is where it has no room", () => {
  const lines = "  network: http://192.168.178.23:8000\n  network: http://[fd00::23]:8000";
  assert.ok(invitation(URLS, { hasColour: false, columns: 31 }).endsWith(`\n\n${lines}`));
  assert.equal(invitation(URLS, { hasColour: false, columns: 30 }), lines);
});

const address = (address: string, internal = false) => {
  const family = address.includes(":") ? ("IPv6" as const) : ("IPv4" as const);
  const rest = { netmask: "", mac: "", cidr: null, internal };
  return family === "IPv6" ? { address, family, scopeid: 0, ...rest } : { address, family, ...rest };
};

const INTERFACES = {
  lo: [address("127.0.0.1", true), address("::1", true)],
  docker0: [address("172.17.0.1")],
  tun0: [address("10.8.0.2")],
  eth0: [address("203.0.113.5"), address("2001:db8::5"), address("fe80::5")],
  wlan0: [address("192.168.1.5"), address("fd00::5")],
};

test("who listens on all addresses is reached by each that leads here from elsewhere, likely ones first", () => {
  const ipv4 = ["192.168.1.5", "203.0.113.5", "172.17.0.1", "10.8.0.2"].map((host) => `http://${host}:8000/`);
  assert.deepEqual(networkUrls("http://0.0.0.0:8000/", INTERFACES), ipv4);
  const ipv6 = ["[2001:db8::5]", "[fd00::5]"].map((host) => `http://${host}:8000/`);
  assert.deepEqual(networkUrls("http://[::]:8000/", INTERFACES), [...ipv4.slice(0, 2), ...ipv6, ...ipv4.slice(2)]);
});

test("who listens on one address has said where already", () => {
  for (const url of ["http://127.0.0.1:8000/", "http://192.168.1.5:80/", "http://[::1]:8000/", "unix:/run/0.0.0.0:1"]) {
    assert.deepEqual(networkUrls(url, INTERFACES), []);
    assert.equal(localUrl(url), url);
  }
  assert.equal(localUrl("http://0.0.0.0:8000/"), "http://localhost:8000/");
  assert.equal(localUrl("http://[::]/site/"), "http://localhost/site/");
});

const noTerminal = spawnSync("script", ["--version"]).error !== undefined && "script is not installed";
const noNetwork = networkUrls("http://0.0.0.0:1/", networkInterfaces()).length === 0 && "there is no network";

test("a terminal is shown it, and Ctrl-C there ends the server", { skip: noTerminal || noNetwork }, async (t) => {
  const serve = `exec "${process.execPath}" "${BIN}" "${folder({ "a.txt": "a" })}" --host 0.0.0.0`;
  const env = { ...process.env, PORT: "0", TERM: "xterm-256color" };
  const terminal = follow(spawn("script", ["-qec", `stty cols 80; ${serve}`, "/dev/null"], { env }));
  t.after(() => terminal.stop("SIGKILL"));
  await terminal.written(/Ctrl-C/);
  terminal.child.stdin!.write("\x03");
  await terminal.exited;
  const text = stripVTControlCharacters(terminal.output).replaceAll("\r", "");
  const [, port] = / {2}http:\/\/0\.0\.0\.0:(\d+) {2}files from /.exec(text)!;
  const urls = networkUrls(`http://0.0.0.0:${port}/`, networkInterfaces());
  assert.equal(scan(text, "dark"), urls[0]);
  for (const url of urls) assert.ok(text.includes(`  network: ${url.slice(0, -1)}\n`), text);
});

test("a log is not", async () => {
  const portico = await startPortico([folder(), "--host", "0.0.0.0"]);
  await portico.stop();
  assert.equal(portico.output.split("\n").length, 2, portico.output);
});

describe("--open", () => {
  const name = process.platform === "darwin" ? "open" : "xdg-open";
  const skip = process.platform === "win32" && "no program can stand in for start";

  /** A directory in which this script is the program that opens addresses; nothing else is found in it. */
  function opener(script: string): Readonly<Record<string, string>> {
    const directory = folder({ [name]: `#!/bin/sh\n${script}\n` });
    chmodSync(join(directory, name), 0o755);
    return { PATH: directory };
  }

  test("opens the address in a browser", { skip }, async () => {
    const root = folder({ "a.txt": "a" });
    const opened = join(root, "opened");
    const portico = await startPortico([root, "--open", "--host", "0.0.0.0", "--base", "/site/"], {
      env: opener(`echo "$1" > "${opened}"`),
    });
    let line = "";
    while (!line.endsWith("\n")) {
      await delay(20);
      line = await readFile(opened, "utf8").catch(() => "");
    }
    assert.equal(line, `http://localhost:${new URL(portico.url).port}/site/\n`);
    await portico.stop();
  });

  test("goes on with one line when there is no browser, or it does not open", { skip }, async () => {
    const root = folder({ "a.txt": "a" });
    for (const [env, why] of [
      [
        { PATH: folder() },
        /no browser could be opened \(spawn .*ENOENT\); the address is http:\/\/127\.0\.0\.1:\d+\/\n/,
      ],
      [
        opener("exit 3"),
        /no browser could be opened \(.* ended with 3\); the address is http:\/\/127\.0\.0\.1:\d+\/\n/,
      ],
    ] as const) {
      const portico = await startPortico([root, "--open"], { env });
      await portico.written(why);
      assert.equal((await fetch(`${portico.url}/a.txt`)).status, 200);
      assert.equal((await portico.stop()).code, 0);
    }
  });

  test("has nothing to open on a unix socket", async () => {
    const { code, stderr } = await runPortico([folder(), "--open", "--unix", "x"]);
    assert.deepEqual([code, stderr], [2, "portico: --open opens an address, and --unix listens on none\n"]);
  });
});
