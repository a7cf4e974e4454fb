/* A direct talk: what is new is fetched every few seconds, what is written is sent without leaving the page. */
import { all, fetchPart, one, swap, uuid } from "./parts.js";

const LOOK_MS = 2500;
const TYPING_MS = 3000;

const follow = (part) => {
  let asking = false;
  const look = async () => {
    if (asking || document.hidden) return;
    asking = true;
    try {
      const fresh = await fetchPart(part.dataset.talk);
      const before = all("li", part).length;
      if (fresh) swap(part, fresh);
      if (all("li", part).length > before) one("li:last-child", part)?.scrollIntoView({ block: "nearest" });
    } catch {
      /* the next round asks again */
    } finally {
      asking = false;
    }
  };
  setInterval(look, LOOK_MS);
  document.addEventListener("visibilitychange", look);
  return look;
};

const write = (form, part, look) => {
  const field = one("textarea", form);
  let saidAt = 0;
  field.addEventListener("input", () => {
    if (!field.value.trim() || Date.now() - saidAt < TYPING_MS) return;
    saidAt = Date.now();
    fetch(part.dataset.typing, { method: "POST" }).catch(() => {});
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", async (event) => {
    if (event.submitter?.formAction.includes("/slutt")) return;
    event.preventDefault();
    if (!field.value.trim() && !one("input[type=file]", form)?.files.length) return;
    const reply = await fetch(form.action, { method: "POST", body: new FormData(form) }).catch(() => null);
    if (!reply?.ok) {
      form.submit();
      return;
    }
    const nonce = one("[name=nonce]", form);
    form.reset();
    if (nonce) nonce.value = uuid();
    await look();
    field.focus();
  });
};

const part = one("[data-talk]");
const form = one("[data-say]");
if (part) {
  const look = follow(part);
  if (form) write(form, part, look);
  document.documentElement.dataset.talk = "1";
}
