/* Choosing several in the queue: shows only the field the act needs, and how many are chosen. Works without it too. */
(() => {
  const form = document.getElementById("samle");
  if (!form) return;
  const act = form.elements.act;
  const told = form.querySelector("[data-chosen]");
  const fit = () => {
    for (const field of form.querySelectorAll("[data-for]"))
      field.hidden = !field.dataset.for.split(" ").includes(act.value);
  };
  const count = () => {
    const chosen = document.querySelectorAll("input[name=valgt]:checked").length;
    told.hidden = !chosen;
    told.textContent = chosen;
    if (chosen) document.getElementById("flere").open = true;
  };
  act.addEventListener("change", fit);
  document.addEventListener("change", (event) => {
    if (event.target.name === "valgt") count();
  });
  addEventListener("pageshow", () => {
    fit();
    count();
  });
})();
