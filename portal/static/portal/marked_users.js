// The bar above the list of users names the marked user, or says how many are marked.
const users = document.getElementById("users");

const say = () => {
  const said = users?.querySelector("#marked");
  if (!said) return;
  const marked = [...users.querySelectorAll("[name=usuario]:checked")];
  const [first] = marked;
  if (!first) said.textContent = said.dataset.unmarked;
  else if (first.type === "radio") said.textContent = first.getAttribute("aria-label").replace("Seleccionar a ", "");
  else said.textContent = marked.length === 1 ? "1 usuario marcado" : `${marked.length} usuarios marcados`;
};

users?.addEventListener("change", say);
users?.addEventListener("click", (event) => {
  if (event.target.name !== "marcar") return;
  event.preventDefault();
  for (const box of users.querySelectorAll("[name=usuario]")) box.checked = true;
  say();
});
addEventListener("pageshow", say);
