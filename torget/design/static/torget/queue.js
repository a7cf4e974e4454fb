/* Choosing several in the queue: shows only the field the act needs, and how many are chosen. Works without it too. */
import { all, one } from "./parts.js";

const choose = (form) => {
  const number = one("[data-chosen]", form);
  const fit = () => {
    for (const field of all("[data-for]", form))
      field.hidden = !field.dataset.for.split(" ").includes(form.elements.act.value);
  };
  const count = () => {
    const chosen = all("input[name=valgt]:checked").length;
    number.hidden = !chosen;
    number.textContent = chosen;
    if (chosen) document.getElementById("flere").open = true;
  };
  form.elements.act.addEventListener("change", fit);
  document.addEventListener("change", (event) => {
    if (event.target.name === "valgt") count();
  });
  addEventListener("pageshow", () => {
    fit();
    count();
  });
};

const form = document.getElementById("samle");
if (form) choose(form);
