// «Mostrar clave» beside each field that asks for it.
for (const input of document.querySelectorAll("[data-show-password]")) {
  const row = document.createElement("div");
  row.className = "password-row";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-plain";
  button.setAttribute("aria-controls", input.id);
  const label = document.querySelector(`label[for="${input.id}"]`).textContent.trim();
  const show = (visible) => {
    input.type = visible ? "text" : "password";
    button.textContent = visible ? "Ocultar clave" : "Mostrar clave";
    button.setAttribute("aria-label", `${button.textContent}: ${label}`);
    button.setAttribute("aria-pressed", String(visible));
  };
  input.replaceWith(row);
  row.append(input, button);
  show(false);
  button.addEventListener("click", () => show(input.type === "password"));
  input.addEventListener("show-password", () => show(true));
  // A clave left visible would be offered as autocompletion of a plain text field.
  input.form.addEventListener("submit", () => show(false));
}
