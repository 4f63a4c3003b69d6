// What the form does takes a second or two: its button says so, until a later page comes or Back.
for (const button of document.querySelectorAll("#content-main form[method=post] [type=submit]")) {
  const text = button.value;
  button.form.addEventListener("submit", () => (button.value = "Un momento…"));
  addEventListener("pageshow", () => (button.value = text));
}
