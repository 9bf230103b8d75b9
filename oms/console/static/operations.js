// The pages of operations: what a refresh must not undo, and copying.
(() => {
  "use strict";

  // The parts that somebody has opened stay open when the figures around them are exchanged.
  let opened = [];
  document.addEventListener("htmx:beforeSwap", (event) => {
    opened = [...event.detail.target.querySelectorAll("details[open][id]")].map((part) => part.id);
  });
  document.addEventListener("htmx:afterSwap", () => {
    opened.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    opened = [];
  });

  document.querySelectorAll("[data-copies]").forEach((button) => {
    const field = document.getElementById(button.dataset.copies);
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(field.value);
      button.textContent = "Copied";
      document.getElementById("copied").textContent = "Copied.";
    });
    field.addEventListener("focus", () => field.select());
  });
})();
