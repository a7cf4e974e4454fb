(() => {
  "use strict";
  const style = (node, rules) => Object.assign(node.style, rules);
  const words = {
    open: "{% filter escapejs %}{% translate "Snakk med oss" %}{% endfilter %}",
    close: "{% filter escapejs %}{% translate "Lukk praten" %}{% endfilter %}",
  };
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.open;
  button.setAttribute("aria-expanded", "false");
  style(button, {
    position: "fixed",
    right: "1rem",
    bottom: "1rem",
    zIndex: "2147483000",
    padding: ".75rem 1.25rem",
    border: "0",
    borderRadius: "2rem",
    background: "{{ municipality.colour }}",
    color: "#fff",
    font: "600 1rem/1.4 system-ui, sans-serif",
    cursor: "pointer",
  });
  let frame = null;
  button.addEventListener("click", () => {
    if (!frame) {
      frame = document.createElement("iframe");
      frame.src = "{{ origin }}/prat?ramme=1";
      frame.title = words.open;
      style(frame, {
        position: "fixed",
        right: "1rem",
        bottom: "4.75rem",
        zIndex: "2147483000",
        width: "min(24rem, calc(100vw - 2rem))",
        height: "min(38rem, calc(100vh - 7rem))",
        border: "1px solid #8885",
        borderRadius: ".75rem",
        background: "Canvas",
        colorScheme: "light dark",
      });
      document.body.append(frame);
    } else frame.hidden = !frame.hidden;
    style(frame, { display: frame.hidden ? "none" : "block" });
    button.textContent = frame.hidden ? words.open : words.close;
    button.setAttribute("aria-expanded", String(!frame.hidden));
    if (!frame.hidden) frame.focus();
  });
  document.body.append(button);
})();
