// "/" goes to the search of the page and "?" to Ayuda, unless one writes or has switched them off.
document.addEventListener("keydown", (event) => {
  const isWriting = event.target.closest("input, select, textarea, [contenteditable]");
  if (isWriting || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem("keys") === "off") return;
  const search = document.querySelector("main input[type=search]");
  if (event.key === "/" && search?.checkVisibility()) {
    event.preventDefault();
    search.focus();
  }
  if (event.key === "?") location.assign(document.querySelector("link[rel=help]").href);
});
