// The page of an order shows what happens to it: it listens to the order's events, or asks now and then where there is
// nothing to listen to. While nobody sees the page it does neither.
(() => {
  "use strict";
  const ASK_SECONDS = 30;
  let source = null;
  let asking = null;
  let busy = false;
  let again = false;
  const order = () => document.getElementById("order");

  const refresh = async () => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    do {
      again = false;
      const opened = [...order().querySelectorAll("details[open][id]")].map((part) => part.id);
      await htmx.ajax("GET", location.pathname, {
        target: "#order", select: "#order", swap: "outerHTML", headers: { "Console-Poll": "1" },
      });
      opened.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    } while (again);
    busy = false;
  };

  const stop = () => {
    source?.close();
    source = null;
    clearInterval(asking);
    asking = null;
  };
  const ask = () => {
    stop();
    asking = setInterval(refresh, ASK_SECONDS * 1000);
  };
  // An event's id begins with the version of the order that it led to.
  const told = (event) => {
    if (parseInt(event.lastEventId, 10) > Number(order().dataset.version)) {
      refresh();
    }
  };
  const listen = () => {
    stop();
    source = new EventSource(order().dataset.events);
    ["order", ...order().dataset.types.split(" ")].forEach((type) => source.addEventListener(type, told));
    source.addEventListener("end", ask);
    source.addEventListener("error", () => {
      if (source?.readyState === EventSource.CLOSED) {
        ask();
      }
    });
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      stop();
    } else {
      refresh();
      listen();
    }
  });
  if (!document.hidden) {
    listen();
  }
})();
