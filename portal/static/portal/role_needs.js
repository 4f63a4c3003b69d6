// «Opciones que todavía necesitan un rol» follows the marks.
const needs = [...document.querySelectorAll("#waiting-list > li")];
const roles = [...document.querySelectorAll("[name=role]")];
const follow = () => {
  const marked = new Set(
    roles.filter((role) => role.checked && !("expired" in role.dataset)).map((role) => role.value),
  );
  for (const need of needs) {
    need.hidden = need.dataset.roles.split(" ").some((code) => marked.has(code));
  }
  const left = document.querySelectorAll("#waiting-list > li:not([hidden]) li").length;
  document.getElementById("waiting-none").hidden = left > 0;
  const least = document.getElementById("waiting-least");
  if (least) least.hidden = left === 0;
  return left;
};
if (needs.length) {
  const say = document.getElementById("waiting-status");
  for (const role of roles) {
    role.addEventListener("change", () => {
      const left = follow();
      say.textContent = left
        ? `${left} ${left === 1 ? "opción todavía necesita" : "opciones todavía necesitan"} un rol`
        : "Cada opción tiene su rol";
    });
  }
  // The browser may have kept other marks than the server sent.
  addEventListener("pageshow", follow);
}
