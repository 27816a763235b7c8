/** The live page as it is before anything is known. What fills it is `browser.ts`, how it looks is `style.ts`. */

export const DOCUMENT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Portico, live</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<script type="module" src="browser.js"></script>

<header>
  <h1>Portico <span id="version"></span></h1>
  <p id="status" role="status">Connecting</p>
  <button id="pause" type="button" aria-pressed="false" aria-keyshortcuts="p">Pause</button>
</header>

<main>
  <section aria-labelledby="now-title">
    <h2 id="now-title">Now</h2>
    <dl id="figures"></dl>
  </section>

  <section aria-labelledby="machine-title">
    <h2 id="machine-title">Connections, by what they wait for</h2>
    <div id="machine" role="group" aria-label="Show connections of one state"></div>
    <div class="bar">
      <label>Client or request <input id="filter" type="search" placeholder="127.0.0.1" autocomplete="off" aria-keyshortcuts="/"></label>
      <p id="count"></p>
    </div>
    <table id="connections">
      <caption class="hidden">Connections; a client's name opens the life of its connection</caption>
      <thead><tr>
        <th scope="col">Client<th scope="col">State<th scope="col">Waits for<th scope="col" class="n">Age
        <th scope="col" class="n">Requests<th scope="col" class="n">In<th scope="col" class="n">Out<th scope="col">Kernel
      </tr></thead>
      <tbody></tbody>
    </table>
    <p id="none" hidden>None.</p>
  </section>

  <div class="columns">
    <section aria-labelledby="slow-title">
      <h2 id="slow-title">Slow clients</h2>
      <ul id="slow" class="list"></ul>
    </section>
    <section aria-labelledby="limits-title">
      <h2 id="limits-title">Limits hit, requests refused</h2>
      <ul id="limits" class="list"></ul>
    </section>
  </div>

  <section aria-labelledby="kernel-title">
    <h2 id="kernel-title">Sockets in the kernel</h2>
    <div id="kernel"></div>
  </section>

  <section aria-labelledby="requests-title">
    <h2 id="requests-title">Latest requests</h2>
    <div class="bar">
      <label><input id="notable" type="checkbox"> Only those that failed, were refused, or took a second</label>
      <p class="key" aria-hidden="true"><i class="wait"></i> until the response began <i class="send"></i> until it was sent</p>
    </div>
    <table id="requests">
      <caption class="hidden">Requests that ended last, the latest first</caption>
      <thead><tr>
        <th scope="col">Ended<th scope="col">Request<th scope="col">Status<th scope="col">Outcome
        <th scope="col">Time<th scope="col" class="n">In<th scope="col" class="n">Out
      </tr></thead>
      <tbody></tbody>
    </table>
  </section>

  <section aria-labelledby="workers-title">
    <h2 id="workers-title">Workers</h2>
    <table id="workers">
      <caption class="hidden">Workers</caption>
      <thead><tr>
        <th scope="col">Worker<th scope="col">State<th scope="col" class="n">Age<th scope="col" class="n">Connections
      </tr></thead>
      <tbody></tbody>
    </table>
    <p id="ends"></p>
  </section>
</main>

<dialog id="life" aria-labelledby="life-title">
  <form method="dialog"><button aria-label="Close">✕</button></form>
  <h2 id="life-title"></h2>
  <p id="life-now"></p>
  <div id="life-diagram"></div>
  <h3>Bytes</h3>
  <p id="bytes-none" class="soft"></p>
  <ol id="bytes"></ol>
</dialog>
`;
