/* Torget's own behaviour: delegated listeners only. Every page works without it. */
import { all, fetchPart, one, say, swap, uuid, wordsOf } from "./parts.js";

const root = document.documentElement;

const store = {
  get(key) {
    try {
      return sessionStorage.getItem(`torget:${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      sessionStorage.setItem(`torget:${key}`, value);
    } catch {
      /* full or forbidden: the page still works */
    }
  },
  drop(key) {
    try {
      sessionStorage.removeItem(`torget:${key}`);
    } catch {
      /* as above */
    }
  },
};

// Counters: "500 tegn igjen"
const count = (field) => {
  const counter = one(`[data-counter="${CSS.escape(field.id)}"]`);
  if (!counter) return;
  const left = Number(counter.dataset.limit) - field.value.length;
  counter.hidden = left > 500;
  counter.dataset.state = left < 0 ? "over" : "under";
  counter.textContent = (left < 0 ? counter.dataset.over : counter.dataset.left).replace("{n}", Math.abs(left));
};

// Drafts: what is typed survives an error, a closed lid, a lost connection, until it is sent. Only in this tab:
// others may sit at the same machine tomorrow.
const KEPT = "textarea, select, input:not([type=hidden], [type=file], [type=password], [type=submit])";
const typedIn = (form) => {
  const typed = {};
  for (const field of all(KEPT, form)) {
    if (!field.name) continue;
    if (!field.matches("[type=checkbox], [type=radio]")) typed[field.name] = field.value;
    else if (field.checked) typed[field.name] = field.value;
  }
  return typed;
};
const keptOf = (form) => {
  try {
    return JSON.parse(store.get(`${form.dataset.keep}:typed`)) || {};
  } catch {
    return {};
  }
};
const keep = (form) => {
  // What was given back shows only the texts; the rest stands as it was.
  const before = form.matches("[data-unsent]") ? keptOf(form) : {};
  store.set(`${form.dataset.keep}:typed`, JSON.stringify({ ...before, ...typedIn(form) }));
};
const restore = (form) => {
  const typed = keptOf(form);
  if (all("textarea", form).some((field) => field.value)) return;
  for (const field of all(KEPT, form)) {
    if (!(field.name in typed)) continue;
    if (field.matches("[type=checkbox], [type=radio]")) field.checked = field.value === typed[field.name];
    else field.value = typed[field.name];
  }
};
const forgetSent = () => {
  // Sent and answered with a page without errors: the draft has done its work. Going back keeps it.
  const unsent = one("[data-unsent]");
  if (unsent) {
    const key = store.get("sent") || store.get("unsent");
    if (key) {
      unsent.dataset.keep = key;
      store.set("unsent", key);
    }
    store.drop("sent");
    return;
  }
  if (one(".ds-error-summary") || performance.getEntriesByType("navigation")[0]?.type !== "navigate") return;
  const sent = store.get("sent");
  if (sent) store.drop(`${sent}:typed`);
  store.drop("sent");
};

// The same sent twice is one: each form has a number that goes along. Pages that are the same for all come without.
const number = (form, anew = false) => {
  const nonce = one("input[name=nonce]", form);
  if (nonce && (anew || !nonce.value)) nonce.value = uuid();
};

// Answers that may already be there, while one writes.
let suggestTimer = 0;
let suggestAbort = null;
const suggest = (field) => {
  const box = field.closest("[data-suggest]");
  if (!box || !field.matches("textarea")) return;
  clearTimeout(suggestTimer);
  suggestTimer = setTimeout(async () => {
    const place = one(".suggestions", box);
    const words = field.value.trim();
    if (words.length < 12) {
      place.replaceChildren();
      place.dataset.shown = "";
      return;
    }
    suggestAbort?.abort();
    suggestAbort = new AbortController();
    try {
      const reply = await fetch(`${box.dataset.suggest}?q=${encodeURIComponent(words.slice(0, 500))}`, {
        signal: suggestAbort.signal,
      });
      if (!reply.ok) return;
      const html = await reply.text();
      if (place.dataset.shown !== html) {
        place.dataset.shown = html;
        place.innerHTML = html;
        say(one("[data-found]", place)?.dataset.found);
      }
    } catch {
      /* no net: nothing is suggested */
    }
  }, 500);
};

document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.matches?.("input, textarea")) return;
  count(field);
  suggest(field);
  const form = field.closest("form[data-keep]");
  if (form) keep(form);
});

// A form is sent once; the button says so.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  if (!form.matches("[data-busy]")) return;
  form.dataset.sending = "1";
  if (form.dataset.keep) store.set("sent", form.dataset.keep);
  const button = event.submitter || one("[type=submit]", form);
  button?.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of all("form[data-sending]")) {
    number(form, true); // come back to, it is another message
    delete form.dataset.sending;
    for (const button of all("[aria-busy]", form)) button.removeAttribute("aria-busy");
  }
});

document.addEventListener("click", async (event) => {
  const copy = event.target.closest?.("[data-copy]");
  if (copy) {
    try {
      await navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent.trim());
      copy.textContent = copy.dataset.done;
    } catch {
      getSelection().selectAllChildren(document.getElementById(copy.dataset.copy));
    }
  }
});

// The live desk: "something changed" comes by server-sent events; the page fetches its own parts again.
const refresh = async (part) => {
  const fresh = await fetchPart(part.dataset.liveSrc);
  if (!fresh) return;
  for (const link of all("a[href]", fresh)) {
    if (link.pathname === location.pathname && link.closest(".queue")) link.setAttribute("aria-current", "page");
  }
  const counts = one("[data-inbox]", fresh);
  for (const badge of counts ? all("[data-counts]") : []) {
    const number = counts.dataset[badge.dataset.counts];
    badge.dataset.count = number;
    badge.hidden = !parseInt(number, 10);
  }
  for (const beside of all("[data-live-into]", fresh)) {
    const place = document.getElementById(beside.dataset.liveInto);
    beside.remove();
    if (place && wordsOf(place) !== wordsOf(beside) && !place.contains(document.activeElement))
      place.replaceChildren(...beside.childNodes);
  }
  const added = swap(part, fresh);
  if (added) say(part.dataset.liveNew?.replace("{n}", added));
};
const live = () => {
  const parts = () => all("[data-live-src]");
  const source = document.body.dataset.live;
  if (!source || !parts().length) return;
  const notice = one("[data-offline]");
  let timer = 0;
  const refreshEach = async (which) => {
    last = Date.now();
    try {
      for (const part of which) await refresh(part);
      if (notice) notice.hidden = true;
    } catch {
      if (notice) notice.hidden = false;
    }
  };
  const refreshAll = () => refreshEach(parts());
  const refreshStale = () => {
    const which = [...stale];
    stale.clear();
    return refreshEach(which);
  };
  // What concerns another conversation leaves the open one alone; a busy hour fetches at most once a second.
  const stale = new Set();
  let last = 0;
  const soon = (event) => {
    let about = null;
    try {
      about = JSON.parse(event.data).conversation;
    } catch {
      /* no data: everything may have changed */
    }
    for (const part of parts()) {
      if (!about || !part.dataset.liveAbout || part.dataset.liveAbout === String(about)) stale.add(part);
    }
    clearTimeout(timer);
    timer = setTimeout(refreshStale, Math.max(150, last + 1000 - Date.now()));
  };
  let polling = 0;
  const poll = () => {
    polling ||= setInterval(refreshAll, 20000);
  };
  const listen = () => {
    const events = new EventSource(source);
    events.addEventListener("message", soon);
    events.addEventListener("change", soon);
    events.addEventListener("presence", (told) =>
      document.dispatchEvent(new CustomEvent("torget:presence", { detail: told.data })),
    );
    events.addEventListener("open", () => {
      clearInterval(polling);
      polling = 0;
      root.dataset.live = "on";
      soon();
    });
    events.addEventListener("error", () => {
      root.dataset.live = "off";
      poll();
      if (!navigator.onLine && notice) notice.hidden = false;
      if (events.readyState === EventSource.CLOSED) setTimeout(listen, 20000);
    });
    addEventListener("pagehide", () => events.close(), { once: true });
  };
  listen();
  addEventListener("offline", () => {
    if (notice) notice.hidden = false;
  });
  addEventListener("online", refreshAll);
};

// What is still on its way is asked for again every other second, until nothing is.
const again = (part) => {
  const timer = setInterval(async () => {
    if (!one("[data-unsettled]", part)) {
      clearInterval(timer);
      return;
    }
    const fresh = await fetchPart(part.dataset.again).catch(() => null);
    if (fresh) swap(part, fresh);
  }, 2000);
};

const start = () => {
  forgetSent();
  all("form[data-keep]").forEach(restore);
  for (const form of all("form")) number(form);
  all("[data-counter]").forEach((counter) => {
    const field = document.getElementById(counter.dataset.counter);
    if (field) count(field);
  });
  all("[data-copy]").forEach((button) => {
    button.parentElement.hidden = false;
  });
  live();
  all("[data-again]").forEach(again);
  root.dataset.ready = "1";
};
start();
