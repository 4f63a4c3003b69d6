// Every ten seconds, show the board as it is now; what is open stays open, and the focus stays.
const PAUSE = 10_000;

const board = document.querySelector("[data-board]");
let shown = board.innerHTML;

const refresh = async () => {
  if (document.hidden) {
    return;
  }
  const answer = await fetch(location.href, { redirect: "manual" });
  if (answer.type === "opaqueredirect") {
    // The session has ended.
    clearInterval(timer);
  }
  if (!answer.ok) {
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.querySelector(".session-end").replaceWith(page.querySelector(".session-end"));
  const next = page.querySelector("[data-board]").innerHTML;
  if (next === shown) {
    return;
  }
  shown = next;
  const open = [...board.querySelectorAll("[open] > summary")].map((summary) => summary.id);
  const focused = board.contains(document.activeElement) && document.activeElement.id;
  board.innerHTML = next;
  for (const id of open) {
    document.getElementById(id)?.parentElement.setAttribute("open", "");
  }
  document.getElementById(focused)?.focus({ preventScroll: true });
};

const timer = setInterval(() => refresh().catch(() => {}), PAUSE);
