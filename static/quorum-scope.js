// The <quorum-scope> element: a live ensemble of coordination servers. See docs/embedding.md.
//
// Its attributes are its settings, its text (or the file at `src`) is its script. All elements of
// a page share one WebAssembly module, which is fetched when the first of them is connected.

import { join } from "./parts.js";

const here = (file) => new URL(file, import.meta.url).href;

// Attributes that are lines of a script's header.
const HEADER = [
  "protocol", "servers", "seed", "latency", "election-timeout", "heartbeat", "storage", "loss", "duplicate", "reorder",
  "session-timeout", "tick", "first-timers", "client-latency", "batch", "membership", "catch-up-first",
  "step-down-on-removal", "pre-vote", "check-quorum", "lease-reads", "max-drift",
  "inflight", "inflight-bytes", "uncommitted", "snapshot-every", "snapshot-keep", "snapshot-chunk",
  "observers", "init-limit", "sync-limit", "finalize-wait", "resend", "connect-retry", "connect-attempts",
  "max-time-to-wait-for-epoch", "committed-log", "log-sync-limit", "snap-count", "snapshots-kept", "counter-limit", "reconfig",
];
// Attributes that say how the page shows the run.
const SHOWN = ["speed", "paused", "theme", "src", "compare"];

// How long a slice of `advance` keeps the page busy, in milliseconds.
const SLICE = 12;

let whole;
// A picture that is drawn stands before the rest of the module is asked for. A page that nobody sees
// has no frames to wait for.
const picture = () => Promise.race([new Promise(requestAnimationFrame), new Promise((done) => setTimeout(done, 200))]);
const rest = () => (whole ??= picture().then(breathe).then(join));

let loading;
function load() {
  loading ??= (async () => {
    if (typeof WebAssembly !== "object") {
      throw new Error("This browser does not run WebAssembly.");
    }
    const module = await import(here("quorumscope-web.js"));
    await module.default({ module_or_path: here("quorumscope-web_bg.wasm") });
    return module;
  })();
  return loading;
}

function style() {
  const sheet = here("quorum-scope.css");
  const known = [...document.querySelectorAll("link[rel=stylesheet]")].some((link) => link.href === sheet);
  if (!known) {
    document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: sheet }));
  }
}

// The script between the tags: plain text, or the text of a <script> or <pre>; other children are
// what is shown until the element is ready.
function scriptWithin(element) {
  const words = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE || /^(SCRIPT|PRE)$/.test(node.nodeName));
  return words.map((node) => node.textContent).join("").trim();
}

// Lets the browser draw and answer before work goes on, without the delay of a timer.
const breathe = () =>
  new Promise((done) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => (channel.port1.close(), done());
    channel.port2.postMessage(0);
  });

class QuorumScope extends HTMLElement {
  #handle;
  #ready;
  // The latest mounting, as a token: one that is overtaken gives up.
  #mounting;
  // Ends the wait for what is being drawn.
  #drawn;
  #script;
  #queue = Promise.resolve();
  #onHash = () => this.#openFragment();

  connectedCallback() {
    this.#script ??= scriptWithin(this);
    style();
    if (this.#isPage) addEventListener("hashchange", this.#onHash);
    this.ready.catch((error) => this.#fail(error));
  }

  disconnectedCallback() {
    // An element that is only moved is connected again by then, and its run goes on.
    queueMicrotask(() => {
      if (!this.isConnected) this.#unmount();
    });
  }

  #unmount() {
    removeEventListener("hashchange", this.#onHash);
    this.#handle?.unmount();
    this.#drawn?.();
    this.#handle = undefined;
    this.#ready = undefined;
    this.#mounting = undefined;
  }

  // Resolves with the element once its servers run.
  get ready() {
    this.#ready ??= this.#mount();
    return this.#ready;
  }

  // Runs a line of the command language; returns what was done. Throws when it cannot be done.
  run(line) {
    return this.#here.run(String(line));
  }

  // The cluster at this instant, as plain data.
  view() {
    return this.#here.view();
  }

  play() {
    this.#here.play();
  }

  pause() {
    this.#here.pause();
  }

  // Goes to an instant, in simulated milliseconds.
  seek(ms) {
    this.#here.seek(Number(ms));
  }

  // Simulates so many milliseconds, whatever the playback does; resolves with the time reached.
  advance(ms) {
    const done = this.#queue.then(() => this.#advance(Number(ms)));
    this.#queue = done.catch(() => {});
    return done;
  }

  // Starts over with another script. Throws, and changes nothing, when it is of no use.
  load(script) {
    this.#here.load(String(script));
  }

  // Whether the run is watched beside its twin under the other protocol.
  get compared() {
    return this.#here.compares();
  }

  set compared(compared) {
    this.#here.compare(Boolean(compared));
  }

  get playing() {
    return this.#here.playing();
  }

  get time() {
    return this.#here.time();
  }

  get script() {
    return this.#here.script();
  }

  // A link that opens this run on this page.
  get link() {
    const page = this.#here.compares() ? "index.html?compare" : "index.html";
    return new URL(this.#here.fragment(), here(page)).href;
  }

  // Where the scripts are that come with the page.
  get scenarios() {
    return here("scenarios/");
  }

  get #here() {
    if (!this.#handle) throw new Error("Not ready yet: wait for the promise `ready`.");
    return this.#handle;
  }

  get #isPage() {
    return this.hasAttribute("page");
  }

  // Attribute or, on a page of its own, the address; and what of the address means nothing.
  #settings() {
    const settings = new Map();
    for (const name of [...HEADER, ...SHOWN]) {
      if (this.hasAttribute(name)) settings.set(name, this.getAttribute(name));
    }
    const unknown = [];
    for (const [name, value] of this.#isPage ? new URLSearchParams(location.search) : []) {
      if (HEADER.includes(name) || SHOWN.includes(name)) settings.set(name, value);
      else unknown.push(name);
    }
    return { settings, unknown };
  }

  async #mount() {
    const mounting = (this.#mounting = {});
    const { settings, unknown } = this.#settings();
    const [module, script] = await Promise.all([load(), this.#text(settings.get("src"))]);
    if (this.#mounting !== mounting) return this;
    if (settings.has("theme")) this.setAttribute("theme", settings.get("theme"));
    const header = HEADER.filter((name) => settings.has(name)).flatMap((name) => [name, settings.get(name)]);
    // On a slow machine drawing takes several turns, with frames between them.
    const drawn = new Promise((done) => this.addEventListener("ready", (this.#drawn = done), { once: true }));
    this.#handle = module.mount(this, script.text, this.#isPage ? location.hash : "", header);
    await drawn;
    await rest();
    if (this.#mounting !== mounting) return this;
    this.setAttribute("ready", "");
    if (script.error) this.#handle.notify("The script cannot be fetched. This is the default cluster.", script.error);
    if (unknown.length > 0) {
      this.#handle.notify(`The address holds a setting that does not exist: ${unknown.join(", ")}.`, `Settings are ${[...HEADER, ...SHOWN].join(", ")}.`);
    }
    this.#begin(settings);
    return this;
  }

  #begin(settings) {
    if (settings.has("compare")) this.#handle.compare(true);
    if (settings.has("speed")) {
      const speed = settings.get("speed") === "max" ? Infinity : Number(settings.get("speed"));
      try {
        this.#handle.setSpeed(speed);
      } catch (error) {
        this.#handle.notify(`The setting speed=${settings.get("speed")} cannot be used.`, error.message);
      }
    }
    // A shared run stands at the instant at which it was shared.
    const shared = this.#isPage && location.hash.startsWith("#run=");
    if (!settings.has("paused") && !shared) this.#handle.play();
  }

  // The script that runs: the file at `src`, or what stands between the tags.
  async #text(src) {
    if (!src) return { text: this.#script };
    try {
      const answer = await fetch(new URL(src, document.baseURI));
      if (!answer.ok) throw new Error(`${src}: ${answer.status} ${answer.statusText}`);
      return { text: await answer.text() };
    } catch (error) {
      return { text: "", error: String(error.message ?? error) };
    }
  }

  async #advance(ms) {
    await this.ready;
    for (let left = ms; ; await breathe()) {
      left = this.#here.advanceSome(left, SLICE);
      if (left <= 0) return this.time;
    }
  }

  #openFragment() {
    try {
      this.#handle?.loadFragment(location.hash);
    } catch {
      // The element says what is wrong with the link.
    }
  }

  #fail(error) {
    const message = document.createElement("p");
    message.className = "failed";
    message.setAttribute("role", "alert");
    message.textContent = `QuorumScope cannot start. ${error.message ?? error}`;
    this.replaceChildren(message);
    this.dispatchEvent(new CustomEvent("error", { detail: { message: String(error.message ?? error) } }));
  }
}

if (!customElements.get("quorum-scope")) customElements.define("quorum-scope", QuorumScope);
