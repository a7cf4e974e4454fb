/* Hits as one types: the form's own address, fetched in part. Without script the form is sent as forms are. */
import { all, fetchPart } from "./parts.js";

const WAIT_MS = 180;

for (const form of all("form[data-find]")) {
  const place = document.getElementById(form.dataset.findInto);
  let timer = 0;
  let under = null;
  const find = async () => {
    const asked = new URLSearchParams(new FormData(form));
    const words = (asked.get("q") || "").trim();
    if (words.length === 1) return;
    under?.abort();
    under = new AbortController();
    place.setAttribute("aria-busy", "true");
    try {
      const fresh = await fetchPart(`${form.dataset.find}&${asked}`, { signal: under.signal });
      if (!fresh) return;
      place.replaceChildren(fresh);
      history.replaceState(null, "", `?${asked}`);
      place.removeAttribute("aria-busy");
    } catch {
      /* overtaken by the next, or no net: the button still works */
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, WAIT_MS);
  });
  form.addEventListener("change", () => {
    clearTimeout(timer);
    timer = setTimeout(find, 0);
  });
}
