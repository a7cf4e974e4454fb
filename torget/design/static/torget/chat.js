// A direct talk: what is new is fetched every few seconds, what is written is sent without leaving the page.
(() => {
  const part = document.querySelector("[data-talk]"),
    form = document.querySelector("[data-say]");
  if (!part) return;
  const wordsOf = (node) => node.textContent.replace(/\s+/g, " ").trim();
  let asking = false;
  const look = async () => {
    if (asking || document.hidden) return;
    asking = true;
    try {
      const reply = await fetch(part.dataset.talk, { headers: { "X-Requested-With": "fetch" } });
      if (!reply.ok) return;
      const fresh = document.createElement("template");
      fresh.innerHTML = await reply.text();
      if (wordsOf(fresh.content) === wordsOf(part)) return;
      const before = part.querySelectorAll("li").length;
      part.replaceChildren(fresh.content);
      if (part.querySelectorAll("li").length > before)
        part.querySelector("li:last-child")?.scrollIntoView({ block: "nearest" });
    } catch {
      /* the next round asks again */
    } finally {
      asking = false;
    }
  };
  setInterval(look, 2500);
  document.addEventListener("visibilitychange", look);
  if (!form) return;
  const field = form.querySelector("textarea");
  let told = 0;
  field.addEventListener("input", () => {
    if (!field.value.trim() || Date.now() - told < 3000) return;
    told = Date.now();
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
    if (!field.value.trim() && !form.querySelector("input[type=file]")?.files.length) return;
    const reply = await fetch(form.action, { method: "POST", body: new FormData(form) }).catch(() => null);
    if (!reply?.ok) {
      form.submit();
      return;
    }
    const nonce = form.querySelector("[name=nonce]");
    form.reset();
    if (nonce)
      nonce.value = [...crypto.getRandomValues(new Uint8Array(16))]
        .map((byte) => byte.toString(16).padStart(2, "0"))
        .join("");
    await look();
    field.focus();
  });
  document.documentElement.dataset.talk = "1";
})();
