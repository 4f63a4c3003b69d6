// «Copiar»: the value or the text of the element that the button names.
for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
  const source = document.getElementById(button.dataset.copy);
  const status = document.createElement("span");
  status.className = "copied";
  status.setAttribute("role", "status");
  button.after(status);
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = source.value ?? source.textContent;
    if (!text) {
      status.textContent = "Todavía no hay nada que copiar";
      return;
    }
    await navigator.clipboard.writeText(text);
    status.textContent = "Copiada";
  });
}
