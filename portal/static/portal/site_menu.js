// The menu of the header closes as menus do: by Escape, which returns the focus, and by leaving it.
const menu = document.querySelector(".site-menu");
document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape" || !menu.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
for (const event of ["click", "focusin"]) {
  document.addEventListener(event, ({ target }) => {
    if (!menu.contains(target)) menu.open = false;
  });
}
