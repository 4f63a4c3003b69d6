// Two minutes before the session ends, say so; until when it lasts stands on the page anyway.
const WARNING = 2 * 60;
const notice = document.querySelector("[data-session-end]");
if (notice) {
  const absolute = Date.now() + notice.dataset.secondsLeft * 1000;
  const stay = notice.querySelector("a");
  let timer;
  const wait = () => {
    const left = Math.min(notice.dataset.idleSeconds, (absolute - Date.now()) / 1000);
    timer = setTimeout(() => {
      // At its absolute end no click prolongs it.
      stay.hidden = absolute - Date.now() < WARNING * 1000 + 1000;
      notice.hidden = false;
    }, Math.max(0, left - WARNING) * 1000);
  };
  // Without leaving the page, for what was typed in it would be lost.
  stay.addEventListener("click", async (event) => {
    event.preventDefault();
    const answer = await fetch(stay.href).catch(() => null);
    if (!answer?.ok || answer.redirected) {
      window.location.assign(stay.href);
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.querySelector(".session-end").replaceWith(page.querySelector(".session-end"));
    notice.hidden = true;
    clearTimeout(timer);
    wait();
  });
  wait();
}
