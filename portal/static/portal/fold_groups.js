// The head of a group of rows folds them. Without this script every group is open.
for (const group of document.querySelectorAll(".access-rows")) {
  const head = group.querySelector(".access-group th");
  const rows = [...group.querySelectorAll("tr:not(.access-group)")];
  const button = document.createElement("button");
  button.type = "button";
  button.className = "group-toggle";
  button.textContent = head.textContent;
  button.setAttribute("aria-expanded", "true");
  button.addEventListener("click", () => {
    const isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen));
    for (const row of rows) row.hidden = isOpen;
  });
  head.replaceChildren(button);
}
