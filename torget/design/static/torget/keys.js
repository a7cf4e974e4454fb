/* Single-key shortcuts of the inbox; on the page only for those who switched them on (WCAG 2.2 §2.1.4). */
import { all, one } from "./parts.js";

const rows = () => all(".queue a").filter((link) => link.getClientRects().length);

const typing = (node) =>
  Boolean(node?.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable], dialog[open]"));

const move = (step) => {
  const links = rows();
  if (!links.length) return;
  let at = links.indexOf(document.activeElement);
  if (at < 0) at = links.findIndex((link) => link.hasAttribute("aria-current"));
  const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step));
  links[next].focus();
  links[next].scrollIntoView({ block: "nearest" });
};

const open = () => {
  const link = rows().includes(document.activeElement) ? document.activeElement : null;
  link?.click();
  return Boolean(link);
};

const write = (selector) => {
  const field = one(selector);
  if (!field) return false;
  const folded = field.closest("details");
  if (folded) folded.open = true;
  field.focus();
  field.scrollIntoView({ block: "center" });
  return true;
};

const acts = {
  j: () => move(1) ?? true,
  k: () => move(-1) ?? true,
  o: open,
  r: () => write("textarea[name='svar-body']"),
  n: () => write("textarea[name='notat-body']"),
  t: () => {
    const button = document.getElementById("ta");
    button?.click();
    return Boolean(button);
  },
  "?": () => {
    const help = document.getElementById("taster");
    help?.showModal();
    return Boolean(help);
  },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  const act = acts[event.key];
  if (act && act() !== false) event.preventDefault();
});
document.documentElement.dataset.keys = "1";
