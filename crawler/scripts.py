"""What is run inside a document in the browser."""

from __future__ import annotations

# What gives a file that no address leads to: a link to what a script made, or a button outside any
# form that says so. Whatever is clicked, only reading requests leave the browser, and none to an
# address that may change something.
GIVERS = """(most) => {
  const says = /^\\W*(?:download|télécharger|save as|enregistrer)\\b/i;
  const made = "a[href^='blob:'], a[download][href^='data:']";
  const links = Array.from(document.querySelectorAll(made));
  const buttons = Array.from(document.querySelectorAll("button")).filter((one) =>
    !one.form && !one.disabled && says.test(one.textContent));
  const found = [...links, ...buttons].slice(0, most);
  found.forEach((one) => one.click());
  return found.length;
}"""

# Where a style sheet keeps line breaks, that is written on the element, where text extraction
# sees it: rows would run together otherwise.
KEEP_LINES = """() => {
  for (const node of document.querySelectorAll("body *")) {
    if (!["PRE", "TEXTAREA", "SCRIPT", "STYLE"].includes(node.tagName) && !node.style.whiteSpace
        && Array.from(node.childNodes).some((one) => one.nodeType === 3 && /\\S\\n/.test(one.data))
        && /^(pre|break)/.test(getComputedStyle(node).whiteSpace)) {
      node.style.whiteSpace = "pre-wrap";
    }
  }
}"""

# Before any script of a document: no worker that outlives it; how many sockets are open that
# nothing came from yet; and whether something computes beside it, of which neither its own time nor
# its frames tell when it is done.
# Ciphers and unpackers tell when they are done; a worker does not.
SILENT, HEARD, BESIDE = "vigie waits", "vigie heard", "vigie computes beside"
BEFORE = f"""(() => {{
  try {{
    navigator.serviceWorker.register = () => Promise.resolve(undefined);
  }} catch {{ /* there are none in a frame like this */ }}
  const Real = window.WebSocket;
  let silent = 0, heard = 0;
  window.WebSocket = class WebSocket extends Real {{
    constructor(...given) {{
      super(...given);
      silent += 1;
      let waits = true;
      const over = () => {{ if (waits) {{ waits = false; silent -= 1; heard += 1; }} }};
      for (const what of ["message", "error", "close"]) this.addEventListener(what, over);
    }}
  }};
  let beside = false, busy = 0;
  const watch = (owner, ...names) => {{
    for (const name of names) {{
      const real = owner && name !== "constructor" && owner[name];
      if (typeof real !== "function") continue;
      owner[name] = new Proxy(real, {{
        apply(it, self, given) {{
          beside = true;
          const made = Reflect.apply(it, self, given);
          if (made instanceof Promise) {{
            busy += 1;
            const over = () => {{ busy -= 1; }};
            made.then(over, over);
          }}
          return made;
        }},
        construct(it, given, as) {{ beside = true; return Reflect.construct(it, given, as); }},
      }});
    }}
  }};
  const of = (name) => window[name] && window[name].prototype;
  const ciphers = of("SubtleCrypto");
  watch(window, "Worker", "SharedWorker", "FileReader", "CompressionStream",
    "DecompressionStream", "createImageBitmap", "requestIdleCallback");
  watch(window.WebAssembly, "compile", "compileStreaming", "instantiate", "instantiateStreaming");
  watch(of("IDBFactory"), "open");
  watch(of("CacheStorage"), "open", "match");
  watch(of("Blob"), "text", "arrayBuffer", "stream");
  if (ciphers) watch(ciphers, ...Object.getOwnPropertyNames(ciphers));
  Object.defineProperty(window, Symbol.for("{SILENT}"), {{
    get: () => busy ? 2 : silent ? 1 : 0 }});
  Object.defineProperty(window, Symbol.for("{HEARD}"), {{ get: () => heard }});
  Object.defineProperty(window, Symbol.for("{BESIDE}"), {{ get: () => beside }});
}})()"""

# Two frames, and what was posted until then.
FRAMES = """new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => done(true);
  channel.port2.postMessage(0);
})))"""

# Its size, what it says, whether it may give a file, whether it still waits for a socket (1) or for
# what it computes (2), from how many sockets something came, and whether something computes beside
# it.
MEASURE = f"""(() => [document.documentElement ? document.documentElement.outerHTML.length : 0,
  document.body ? document.body.textContent.length : 0,
  document.querySelector("a[href^='blob:'], a[download], button") !== null,
  Number(window[Symbol.for("{SILENT}")]) || 0,
  Number(window[Symbol.for("{HEARD}")]) || 0,
  window[Symbol.for("{BESIDE}")] !== false])()"""

# The document, and where it is.
READ = f"""(() => {{ ({KEEP_LINES})();
  const all = document.documentElement;
  return [(document.doctype ? "<!doctype html>" : "") + (all ? all.outerHTML : ""),
    location.href]; }})()"""
