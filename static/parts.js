// The WebAssembly is built in two parts: the functions that the first picture needs, and the rest,
// which is fetched behind the picture. Whoever calls a function of the rest earlier waits for it.

const url = new URL("quorumscope-web_rest.wasm", import.meta.url);

// What the first part exports, once it runs.
let first = () => undefined;

// What the first part imports; `exports` returns what it exports.
export function parts(exports) {
  first = exports;
  return { fetch: fetchNow };
}

// Resolves when the whole module is there. A module that was not split is.
export async function join() {
  if (!missing()) return;
  const answer = await fetch(url);
  if (!answer.ok) throw lost(answer);
  const module = await WebAssembly.compile(await answer.arrayBuffer());
  if (missing()) add(module);
}

const lost = ({ status, statusText }) => new Error(`The second part of the page cannot be fetched: ${status} ${statusText}`);

const missing = () => first()?.rest?.value === 0;

// Puts the functions of the rest into the table that both parts share.
const add = (module) => new WebAssembly.Instance(module, { first: first() });

function fetchNow() {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.overrideMimeType("text/plain; charset=x-user-defined");
  request.send();
  if (request.status !== 200) throw lost(request);
  add(new WebAssembly.Module(Uint8Array.from(request.responseText, (byte) => byte.charCodeAt(0) & 255)));
}
