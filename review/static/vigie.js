// Times in the reader's zone, the keyboard, the one-time link, the list that follows. All of it
// is on top of pages that work without a script. Nothing here builds HTML from text.
"use strict";
(() => {
  const root = document.documentElement;
  const language = root.lang;
  root.classList.add("js");

  const remember = (key, fallback) => {
    try { return localStorage.getItem(key) ?? fallback; } catch { return fallback; }
  };
  const keep = (key, value) => {
    try { localStorage.setItem(key, value); } catch { /* a browser that keeps nothing */ }
  };
  const announce = (text) => {
    const place = document.getElementById("announce");
    if (place) place.textContent = text;
  };

  // Times
  const hour = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const formats = {
    today: new Intl.DateTimeFormat(language, hour),
    year: new Intl.DateTimeFormat(language, { day: "numeric", month: "short", ...hour }),
    older: new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" }),
    exact: new Intl.DateTimeFormat(language, {
      day: "numeric", month: "short", year: "numeric", ...hour, second: "2-digit" }),
    whole: new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long", hourCycle: "h23" }),
  };
  function localTimes(within) {
    const now = new Date();
    for (const place of within.querySelectorAll("time[datetime]:not([data-done])")) {
      const moment = new Date(place.dateTime);
      if (Number.isNaN(moment.getTime())) continue;
      let style = "exact";
      if (place.dataset.style !== "exact") {
        style = "older";
        if (moment.getFullYear() === now.getFullYear()) style = "year";
        if (moment.toDateString() === now.toDateString()) style = "today";
      }
      const utc = place.title;
      place.textContent = formats[style].format(moment);
      place.title = `${formats.whole.format(moment)}\n${utc}`;
      place.dataset.done = "";
    }
  }
  localTimes(document);

  // The one-time link: the token stands behind "#", goes into the form and out of the address.
  const once = document.getElementById("once");
  function takeToken() {
    if (location.hash.length <= 20) return;
    const token = document.getElementById("token");
    token.value = location.hash.slice(1);
    token.closest(".code").hidden = true;
    history.replaceState(null, "", location.pathname + location.search);
    document.getElementById("once-open").focus();
    // The other language's page is another page: it gets the token the same way.
    for (const link of document.querySelectorAll(".language-links a")) link.hash = token.value;
  }
  if (once) {
    takeToken();
    // A new link that is opened where an old one was spent changes the part behind "#" alone.
    addEventListener("hashchange", takeToken);
  }

  // Addresses are copied, not followed.
  for (const button of document.querySelectorAll("[data-copy]")) {
    const said = button.firstChild;
    const before = said.textContent;
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(button.dataset.copy); } catch { return; }
      said.textContent = button.dataset.copied;
      announce(button.dataset.copied);
      setTimeout(() => { said.textContent = before; }, 2000);
    });
  }

  // The keyboard
  const help = document.getElementById("help");
  const keysOn = document.getElementById("keys-on");
  if (keysOn) {
    keysOn.checked = remember("vigie-keys", "on") === "on";
    keysOn.addEventListener("change", () => keep("vigie-keys", keysOn.checked ? "on" : "off"));
  }
  document.querySelector("[data-help]")?.addEventListener("click", () => help.showModal());

  const rowLinks = () => [...document.querySelectorAll(".rowlink")];
  function moveRow(step) {
    const links = rowLinks();
    if (!links.length) return false;
    const here = links.indexOf(document.activeElement);
    const next = here < 0 ? (step > 0 ? 0 : links.length - 1) : here + step;
    if (next >= links.length && document.getElementById("more")) {
      document.getElementById("more").focus();
      return true;
    }
    const link = links[Math.max(0, Math.min(next, links.length - 1))];
    link.focus({ preventScroll: true });
    link.closest("tr").scrollIntoView({ block: "nearest" });
    return true;
  }
  const go = (address) => { location.assign(address); };
  const follow = (id) => document.getElementById(id)?.click();
  const places = { l: "/alerts", q: "/queue", s: "/sources" };
  const actions = {
    j: () => moveRow(1) || follow("older"),
    k: () => moveRow(-1) || follow("newer"),
    c: () => arm("confirmed"),
    d: () => arm("dismissed"),
    o: () => arm("open"),
    "/": () => { const box = document.getElementById("q"); box?.focus(); box?.select(); },
    "?": () => help?.showModal(),
  };
  let going = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target;
    const typing = target.closest("input:not([type=checkbox]), textarea, select");
    if (typing) {
      if (event.key === "Escape") { disarm(); target.blur(); }
      return;
    }
    if (help?.open || (keysOn && !keysOn.checked)) return;
    if (going && Date.now() - going < 1500 && places[event.key]) {
      event.preventDefault();
      going = 0;
      go(places[event.key]);
      return;
    }
    going = event.key === "g" ? Date.now() : 0;
    const action = actions[event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  });

  // A decision: a key or a button arms it, the reason is asked for, Enter sends it.
  const decision = document.getElementById("decision");
  const reason = document.getElementById("reason");
  const armed = document.getElementById("armed");
  let chosen = null;
  function disarm() {
    chosen?.classList.remove("set");
    chosen = null;
    if (armed) armed.textContent = "";
  }
  function arm(status) {
    const button = decision?.querySelector(`button[value="${status}"]`);
    if (!button) return;
    disarm();
    chosen = button;
    button.classList.add("set");
    armed.textContent = armed.dataset[status];
    reason.focus();
    decision.scrollIntoView({ block: "nearest" });
  }
  reason?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    if (!chosen) return;
    event.preventDefault();
    decision.requestSubmit(chosen);
  });
  for (const chip of document.querySelectorAll("[data-reason]")) {
    chip.addEventListener("click", () => {
      reason.value = chip.dataset.reason;
      reason.focus();
    });
  }
  decision?.addEventListener("submit", () => {
    // A second press must not send a second decision; the first answers either way.
    setTimeout(() => { for (const button of decision.querySelectorAll("button")) button.disabled = true; });
  });
  addEventListener("pageshow", () => {
    for (const button of decision?.querySelectorAll("button") ?? []) button.disabled = false;
  });

  // One record: it goes when its time is over, when the page is left, and from the print.
  const left = document.getElementById("left");
  if (left) {
    const end = Date.now() + Number(left.dataset.left) * 1000;
    const leave = () => {
      document.getElementById("record")?.remove();
      location.replace(document.getElementById("hide").href);
    };
    const tick = setInterval(() => {
      const rest = Math.ceil((end - Date.now()) / 1000);
      left.textContent = rest > 0 ? String(rest) : "";
      if (rest <= 0) { clearInterval(tick); leave(); }
    }, 500);
    addEventListener("pagehide", () => document.getElementById("record")?.remove());
  }

  // The list that follows: rows are compared by id; focus and place on the page stay.
  const list = document.getElementById("list");
  const live = document.getElementById("live");
  if (!list || !live) return;
  live.checked = remember("vigie-live", "on") === "on";
  live.addEventListener("change", () => keep("vigie-live", live.checked ? "on" : "off"));
  const trouble = document.getElementById("list-problem");
  function tell(kind) {
    trouble.hidden = !kind;
    if (!kind) return;
    trouble.querySelector("span").textContent = trouble.dataset[kind];
    trouble.querySelector("a").hidden = kind !== "ended";
  }
  function put(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    localTimes(fresh);
    const old = new Map([...list.querySelectorAll("tr[data-id]")].map((row) => [row.dataset.id, row]));
    let added = 0;
    for (const row of fresh.querySelectorAll("tr[data-id]")) {
      if (!old.has(row.dataset.id)) { row.classList.add("fresh"); added += 1; }
    }
    const focused = document.activeElement;
    const held = list.contains(focused) ? focused : null;
    const rowId = held?.closest("tr")?.dataset.id;
    const tabAddress = held?.closest("#tabs") ? held.getAttribute("href") : null;
    const anchor = held?.closest("tr") ?? [...old.values()].find((row) => row.getBoundingClientRect().bottom > 0);
    const before = anchor?.getBoundingClientRect().top;
    list.replaceChildren(...fresh.childNodes);
    const same = anchor && list.querySelector(`tr[data-id="${anchor.dataset.id}"]`);
    if (same && (scrollY > 0 || rowId)) scrollBy(0, same.getBoundingClientRect().top - before);
    if (rowId) (list.querySelector(`tr[data-id="${rowId}"] .rowlink`) ?? list.querySelector(".rowlink"))?.focus({ preventScroll: true });
    else if (tabAddress) list.querySelector(`#tabs a[href="${CSS.escape(tabAddress)}"]`)?.focus({ preventScroll: true });
    else if (held?.id) document.getElementById(held.id)?.focus({ preventScroll: true });
    if (added) {
      const plural = new Intl.PluralRules(language).select(added) === "one";
      const phrase = plural ? list.dataset.freshOne : list.dataset.freshOther;
      announce(phrase.replace(plural ? "1" : "2", new Intl.NumberFormat(language).format(added)));
    }
  }
  async function look() {
    if (!live.checked || document.hidden) return true;
    const address = list.dataset.rows + (list.dataset.rows.includes("?") ? "&" : "?") + "seen=" + list.dataset.version;
    try {
      const answer = await fetch(address, { headers: { "X-Vigie-Fragment": "1" }, credentials: "same-origin", redirect: "error" });
      if (answer.status === 401) { tell("ended"); return false; }
      if (answer.status === 200) {
        put(await answer.text());
        list.dataset.version = answer.headers.get("X-Vigie-Version") ?? "";
      }
      tell(answer.ok ? "" : "stopped");
    } catch {
      tell("stopped");
    }
    return true;
  }
  const wait = () => setTimeout(async () => { if (await look()) wait(); }, 5000);
  wait();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
})();
