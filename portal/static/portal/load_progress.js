// The form of this page works on the plan for a moment. Send it until the plan is applied, and show
// how far the work is. What else there is to say, the page itself says.
const PAUSE = 2000;

const shown = document.querySelector("[data-progress]");
const bar = shown.querySelector("progress");
const form = document.querySelector("main form");

const goOn = async () => {
  const sent = await fetch(location.href, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    redirect: "manual",
  });
  const answer =
    sent.type === "opaqueredirect" ? await fetch(location.href, { redirect: "manual" }) : sent;
  if (!answer.ok) {
    location.reload();
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.querySelector("[data-progress]");
  const before = bar.value;
  bar.value = next.querySelector("progress").value;
  shown.querySelector("p").textContent = next.querySelector("p").textContent;
  document.title = page.title;
  if (bar.value === before) {
    // Another window works.
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  await goOn();
};

// Without an answer, the button of the page goes on.
goOn().catch(() => {});
