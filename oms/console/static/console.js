// What pages do beyond links, forms and htmx. Everything works without it; this makes it quicker.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.remove("without-script");

  // The menu of narrow windows.
  const menuButton = document.querySelector(".menu-button");
  menuButton?.addEventListener("click", () => {
    const open = menuButton.getAttribute("aria-expanded") !== "true";
    menuButton.setAttribute("aria-expanded", String(open));
  });

  // `/` leads to the search box, as it does elsewhere.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const search = document.querySelector("[data-shortcut='/']");
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    }
  });

  // Links with `data-dialog` are pages with a form; here they are fetched into the dialog instead.
  const dialog = document.getElementById("dialog");
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      htmx.ajax("GET", link.href, { target: dialog, swap: "innerHTML", source: link });
    } else if (event.target.closest("[data-closes]") && dialog.open) {
      event.preventDefault();
      dialog.close();
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === dialog && !dialog.open) {
      dialog.showModal();
    }
  });
  dialog.addEventListener("close", () => dialog.replaceChildren());

  // Rows that are ticked: how many there are, and all at once.
  const bulk = document.getElementById("bulk");
  const ticks = () => [...document.querySelectorAll("input[form='bulk'][name='order']")];
  const count = () => {
    const ticked = ticks().filter((tick) => tick.checked).length;
    bulk.querySelector("[data-ticked]").textContent = String(ticked);
    bulk.classList.toggle("in-use", ticked > 0);
    const all = document.querySelector("[data-ticks]");
    if (all) {
      all.checked = ticked > 0 && ticked === ticks().length;
      all.indeterminate = ticked > 0 && !all.checked;
    }
  };
  if (bulk) {
    document.addEventListener("change", (event) => {
      if (event.target.matches("[data-ticks]")) {
        ticks().forEach((tick) => { tick.checked = event.target.checked; });
      }
      count();
    });
    document.addEventListener("htmx:afterSettle", count);
    window.addEventListener("pageshow", count);
  }

  // A form is sent once. The server would notice; the button says that something is under way.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") {
      return;
    }
    if (event.target.dataset.sent) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    event.target.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  }, true);
  const ready = (form) => {
    delete form.dataset.sent;
    form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  };
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(ready));
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form");
    if (form) {
      ready(form);
    }
  });

  // No answer at all, or none in time.
  const messages = document.getElementById("messages");
  const unreachable = () => {
    const message = document.createElement("p");
    message.className = "message danger";
    message.textContent = "The server can't be reached at the moment. What you see may be old.";
    messages.replaceChildren(message);
  };
  document.addEventListener("htmx:sendError", unreachable);
  document.addEventListener("htmx:timeout", unreachable);
})();
