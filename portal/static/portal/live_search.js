// A search answers while one types. A form with data-live="ID" asks its own address, as its button
// does, and takes the element of that id, its count in the element ID-status, and the head of its
// fold of filters from the answer. With data-live-by="NAME" it sends that field alone.
for (const form of document.querySelectorAll("form[data-live]")) {
  const [results, status] = ["", "-status"].map((end) => document.getElementById(form.dataset.live + end));
  const heads = `form[data-live="${form.dataset.live}"] summary`;
  let timer;
  let asked = new AbortController();

  // An answer that is late never takes the place of what was typed last.
  const stop = () => {
    clearTimeout(timer);
    asked.abort();
  };

  const search = async () => {
    const { liveBy } = form.dataset;
    const typed = [...new FormData(form)].filter(([name, value]) => value !== "" && (!liveBy || name === liveBy));
    const address = `${new URL(form.action).pathname}?${new URLSearchParams(typed)}`;
    asked = new AbortController();
    results.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { signal: asked.signal });
      // The session may have ended: sign-in then leads back to this search.
      if (!answer.ok || answer.redirected) return location.assign(address);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      // A shorter answer leaves the rest of the page where it is.
      results.style.minHeight = `${results.offsetHeight}px`;
      results.replaceChildren(...page.getElementById(results.id).childNodes);
      status.textContent = page.getElementById(status.id).textContent;
      document.querySelector(heads)?.replaceChildren(...page.querySelector(heads).childNodes);
      history.replaceState(null, "", address);
    } catch (error) {
      if (error.name === "AbortError") return;
      status.textContent = "No se pudo buscar: revise su conexión y presione el botón.";
    }
    results.removeAttribute("aria-busy");
  };

  form.addEventListener("input", () => {
    stop();
    timer = setTimeout(search, 200);
  });
  form.addEventListener("submit", stop);
}
