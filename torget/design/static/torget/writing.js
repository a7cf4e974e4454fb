/* The composer: drafts as one writes, who else is here, undo send, canned replies and names. Works without. */
import { all, fragment, HEADERS, one, say } from "./parts.js";

const forms = () => all("form[data-write]");
const textOf = (form) => one("textarea[name$='-body']", form);
const token = (form) => one("[name=csrfmiddlewaretoken]", form).value;
const SAVE_MS = 900,
  BEAT_MS = 20000,
  LOOK_MS = 120;

// Drafts -------------------------------------------------------------------------------------
const saving = new WeakMap();
const draftOf = (form) => {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File || name === "gjor") data.delete(name);
  return data;
};
const save = async (form) => {
  const state = saving.get(form);
  if (!state?.dirty || form.dataset.sending) return;
  state.dirty = false;
  state.abort?.abort();
  state.abort = new AbortController();
  try {
    const reply = await fetch(form.dataset.draft, {
      method: "POST",
      body: draftOf(form),
      headers: HEADERS,
      signal: state.abort.signal,
    });
    if (!reply.ok || reply.redirected) throw new Error("not saved");
    const told = await reply.json();
    one("[data-draft-state]", form).textContent = told.saved;
    one("[data-drop-draft]", form).hidden = !told.saved;
    const guard = one("[data-guard]", form);
    if (guard && guard.dataset.shown !== told.guard) {
      guard.dataset.shown = told.guard;
      guard.innerHTML = told.guard;
    }
  } catch (fault) {
    if (fault.name !== "AbortError") state.dirty = true; /* the next word, or leaving, tries again */
  }
};
const changed = (form) => {
  const state = saving.get(form) || {};
  saving.set(form, state);
  state.dirty = true;
  clearTimeout(state.timer);
  state.timer = setTimeout(save, SAVE_MS, form);
};

// Who else is here ---------------------------------------------------------------------------
const answer = one("form[data-write=answer]");
let writing = false;
const show = (html) => {
  for (const part of all("[data-part]", fragment(html))) {
    const place = one(`[data-place=${part.dataset.part}]`, answer);
    const had = place.textContent.trim();
    if (had === part.textContent.trim()) continue;
    place.replaceChildren(part);
    if (place.dataset.tell && !had) say(place.dataset.tell);
  }
};
const look = async () => {
  try {
    const reply = await fetch(answer.dataset.here, { headers: HEADERS });
    if (reply.ok && !reply.redirected) show(await reply.text());
  } catch {
    /* no net: the next heartbeat tells */
  }
};
const beat = async () => {
  if (document.hidden && !writing) return;
  const data = new FormData();
  data.set("csrfmiddlewaretoken", token(answer));
  if (writing) data.set("writing", "1");
  try {
    const reply = await fetch(answer.dataset.here, { method: "POST", body: data, headers: HEADERS });
    if (reply.ok && !reply.redirected) show(await reply.text());
  } catch {
    /* as above */
  }
};
const noticeWriting = () => {
  const now = Boolean(textOf(answer).value.trim());
  if (now !== writing) {
    writing = now;
    beat();
  }
};
const leave = () => {
  for (const form of forms()) {
    const state = saving.get(form);
    if (state?.dirty && !form.dataset.sending) navigator.sendBeacon(form.dataset.draft, draftOf(form));
  }
  if (!answer) return;
  const data = new FormData();
  data.set("csrfmiddlewaretoken", token(answer));
  data.set("leave", "1");
  navigator.sendBeacon(answer.dataset.here, data);
};

// The time to regret -------------------------------------------------------------------------
const countDown = () => {
  for (const place of all("[data-release]")) {
    place.until ??= performance.now() + place.dataset.release * 1000; // by the server's clock, whatever ours says
    const left = Math.ceil((place.until - performance.now()) / 1000);
    const words = left > 0 ? place.dataset.words.replace("{n}", left) : place.dataset.now;
    if (place.textContent !== words) place.textContent = words;
  }
};

// Who may read it ----------------------------------------------------------------------------
const readers = () => {
  const shown = answer && one("[name=svar-visibility]:checked", answer)?.value === "private";
  for (const aside of answer ? all("[data-aside]", answer) : []) aside.hidden = !shown;
  for (const open of answer ? all("[data-open]", answer) : []) open.hidden = shown;
};

// Offers at the caret: "/" for ready-made replies, "@" for names ------------------------------
const put = (field, from, to, words) => {
  field.focus();
  field.setRangeText(words, from, to, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
};
const used = (form, id) => {
  const place = one("[name=svar-canned]", form);
  if (place && id) place.value = [...new Set([...place.value.split(","), String(id)])].filter(Boolean).join(",");
};
const offers = (form) => {
  const field = textOf(form),
    sign = form.dataset.sign;
  const box = document.createElement("ul");
  box.className = "offers";
  box.id = `${field.id}-forslag`;
  box.hidden = true;
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", form.dataset.offersLabel);
  field.after(box);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", box.id);
  let begun = -1,
    timer = 0,
    abort = null,
    rows = [];
  const close = () => {
    clearTimeout(timer);
    abort?.abort();
    box.hidden = true;
    begun = -1;
    field.removeAttribute("aria-activedescendant");
  };
  const choose = (at) => {
    for (const [number, option] of [...box.children].entries())
      option.setAttribute("aria-selected", String(number === at));
    field.setAttribute("aria-activedescendant", box.children[at].id);
    box.children[at].scrollIntoView({ block: "nearest" });
  };
  const chosen = () => [...box.children].findIndex((option) => option.getAttribute("aria-selected") === "true");
  const take = (at) => {
    const row = rows[at],
      from = begun;
    close();
    put(field, from, field.selectionStart, row.insert + (sign === "@" ? " " : ""));
    used(form, row.id);
  };
  const ask = async (query) => {
    abort?.abort();
    abort = new AbortController();
    try {
      const reply = await fetch(`${form.dataset.offers}?q=${encodeURIComponent(query)}`, {
        headers: HEADERS,
        signal: abort.signal,
      });
      if (!reply.ok || reply.redirected) return close();
      rows = (await reply.json()).rows;
    } catch {
      return;
    }
    if (begun < 0) return;
    if (!rows.length) {
      box.hidden = true;
      return;
    }
    box.replaceChildren(
      ...rows.map((row, number) => {
        const option = document.createElement("li"),
          name = document.createElement("strong"),
          about = document.createElement("span");
        option.id = `${box.id}-${number}`;
        option.setAttribute("role", "option");
        name.textContent = row.name;
        about.textContent = ` ${row.about}`;
        about.className = "meta";
        option.append(name, about);
        option.addEventListener("mousedown", (event) => {
          event.preventDefault();
          take(number);
        });
        return option;
      }),
    );
    const news = box.hidden;
    box.hidden = false;
    choose(0);
    if (news) say(form.dataset.offersFound.replace("{n}", rows.length));
  };
  field.addEventListener("input", () => {
    const before = field.value.slice(0, field.selectionStart);
    const found = (sign === "@" ? /(?:^|[\s(])@"?([\p{L}\d -]{0,30})$/u : /(?:^|\n)\/([\p{L}\d -]{0,30})$/u).exec(
      before,
    );
    if (!found) return close();
    begun = before.lastIndexOf(sign);
    clearTimeout(timer);
    timer = setTimeout(ask, LOOK_MS, found[1]);
  });
  field.addEventListener("keydown", (event) => {
    if (box.hidden || event.isComposing) return;
    const at = chosen(),
      last = rows.length - 1;
    if (event.key === "ArrowDown") choose(at >= last ? 0 : at + 1);
    else if (event.key === "ArrowUp") choose(at <= 0 ? last : at - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && at >= 0) take(at);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  field.addEventListener("blur", () => setTimeout(close, 150));
};

// Start --------------------------------------------------------------------------------------
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-write]");
  if (!form || event.target.type === "file") return;
  changed(form);
  if (form === answer) {
    noticeWriting();
    readers();
  }
});
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-canned]");
  if (!link) return;
  event.preventDefault();
  const field = textOf(answer),
    before = field.value.slice(0, field.selectionStart);
  put(
    field,
    field.selectionStart,
    field.selectionEnd,
    (before.trim() && !before.endsWith("\n") ? "\n\n" : "") + link.dataset.text,
  );
  used(answer, link.dataset.canned);
});
document.addEventListener("submit", (event) => {
  const state = saving.get(event.target);
  if (state) {
    clearTimeout(state.timer);
    state.abort?.abort();
    state.dirty = false;
  }
});
for (const form of forms()) {
  one("[data-keep-draft]", form).hidden = true;
  offers(form);
}
if (answer) {
  readers();
  writing = Boolean(textOf(answer).value.trim());
  beat();
  setTimeout(beat, 3000); // a page left a moment ago may have said goodbye after our first word
  setInterval(beat, BEAT_MS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) beat();
  });
  let soon = 0;
  document.addEventListener("torget:presence", (event) => {
    if (JSON.parse(event.detail).subject === answer.dataset.subject) {
      clearTimeout(soon);
      soon = setTimeout(look, 80);
    }
  });
}
addEventListener("pagehide", leave);
countDown();
setInterval(countDown, 250);
document.documentElement.dataset.writing = "1";
