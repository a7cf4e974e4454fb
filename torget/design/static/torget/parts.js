/* What the scripts share: finding elements, saying news aloud, fetching a part of the page and putting it in place. */
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
export const one = (selector, root = document) => root.querySelector(selector);
export const HEADERS = { "X-Requested-With": "fetch" };

/** Say words through the page's live region. */
export const say = (words) => {
  const place = one("[data-say]");
  if (!place || !words) return;
  place.textContent = "";
  setTimeout(() => {
    place.textContent = words;
  }, 60);
};

/** A number no other form has, so that the same sent twice is one. */
export const uuid = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
};

/** The words of an element, however they are laid out. */
export const wordsOf = (node) => node.textContent.replace(/\s+/g, " ").trim();

/** HTML from our own server as a fragment. */
export const fragment = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
};

/** A part of a page as a fragment; null when it is refused. Who was signed out meanwhile is shown the whole page. */
export const fetchPart = async (address, options = {}) => {
  const reply = await fetch(address, { headers: HEADERS, ...options });
  if (reply.redirected) {
    location.reload();
    return null;
  }
  return reply.ok ? fragment(await reply.text()) : null;
};

const keysOf = (part) => new Set(all("[data-key]", part).map((row) => row.dataset.key));

/** Put a fresh fragment in the place of what a part shows, when its words differ. Focus, opened details and ticked
 *  boxes stay. Returns how many rows (data-key) are new. */
export const swap = (part, fresh) => {
  if (wordsOf(fresh) === wordsOf(part)) return 0;
  const before = keysOf(part);
  const added = [...keysOf(fresh)].filter((key) => !before.has(key)).length;
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const [id, href] = [focused?.id, focused?.getAttribute("href")];
  const open = all("details[open][id]", part).map((details) => details.id);
  const ticked = all("input[id]:checked", part).map((box) => box.id);
  part.replaceChildren(fresh);
  for (const name of ticked) {
    const box = document.getElementById(name);
    if (box) box.checked = true;
  }
  for (const name of open) document.getElementById(name)?.setAttribute("open", "");
  const target = id ? document.getElementById(id) : href && one(`a[href="${CSS.escape(href)}"]`, part);
  if (target) target.focus({ preventScroll: true });
  return added;
};
