// The tree of options, made quicker: search as one types, mark a whole folder, remove what is
// selected, counts kept up to date. Without this script each of these is a submit of the form; only
// the leaves have a name, so nothing else is ever sent.
(() => {
  const tree = document.getElementById("option-tree");
  if (!tree) return;

  const form = tree.closest("form");
  const selected = document.getElementById("selected-list");
  const title = document.getElementById("seleccionadas");
  const item = document.getElementById("selected-item").content.firstElementChild;
  const query = document.getElementById("query");
  const parts = [...tree.querySelectorAll("[data-profile]")];
  const groups = [...tree.querySelectorAll(".option-group")];
  const boxesIn = (place) => [...place.querySelectorAll("input[name=option]")];
  const isSeen = (box) => !box.closest("[hidden]");
  const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;
  const say = (id, text) => { document.getElementById(id).textContent = text; };
  const marks = () => new FormData(form).getAll("option");

  // One box before the name of a folder, instead of two submits.
  for (const group of groups) {
    const name = group.querySelector(".group-name");
    const box = document.createElement("input");
    Object.assign(box, { type: "checkbox", className: "group-box", id: `group-${group.dataset.code}` });
    box.setAttribute("aria-label", `Seleccionar todo en ${name.textContent}`);
    const label = document.createElement("label");
    Object.assign(label, { className: "group-name", htmlFor: box.id, textContent: name.textContent });
    name.replaceWith(label);
    group.querySelector(".group-buttons").replaceWith(box);
    box.addEventListener("change", () => {
      for (const leaf of boxesIn(group).filter(isSeen)) leaf.checked = box.checked;
    });
  }

  function refresh() {
    for (const group of groups) {
      const inside = boxesIn(group);
      const marked = inside.filter((leaf) => leaf.checked).length;
      const box = group.querySelector(".group-box");
      const seen = inside.filter(isSeen);
      count(group, marked);
      // It speaks of what it would mark or unmark: a second click takes back the first.
      box.checked = seen.length > 0 && seen.every((leaf) => leaf.checked);
      box.indeterminate = marked > 0 && !box.checked;
    }
    parts.forEach(list);
    for (const tab of form.querySelectorAll(".profile, details[data-profile]")) {
      count(tab, selected.querySelectorAll(`[data-profile="${tab.dataset.profile}"] li`).length);
    }
    const total = marks().length;
    const needing = selected.querySelectorAll(".needs-role").length;
    const words = plural(total, "seleccionada", "seleccionadas");
    say("selected-total", total);
    say("selected-count", words);
    say("selected-roles", `${plural(needing, "requiere", "requieren")} además un rol.`);
    document.getElementById("selected-roles").hidden = needing === 0;
    document.getElementById("selected-none").hidden = total > 0;
    return words;
  }

  function count(place, marked) {
    const text = place.querySelector(".group-count").firstChild;
    text.data = text.data.replace(/^\d+/, marked);
  }

  // What is marked in a profile of this page, by folder, as the server draws it.
  function list(part) {
    const place = selected.querySelector(`[data-profile="${part.dataset.profile}"]`);
    const lines = [place.querySelector("h3")];
    let last;
    for (const leaf of boxesIn(part).filter((box) => box.checked)) {
      const path = pathOf(leaf);
      if (path !== last) {
        if (path) lines.push(Object.assign(document.createElement("p"), { className: "path", textContent: path }));
        lines.push(document.createElement("ul"));
        last = path;
      }
      lines.at(-1).append(itemFor(leaf), " ");
    }
    place.replaceChildren(...lines);
  }

  function pathOf(leaf) {
    const names = [leaf.parentElement.querySelector(".path")?.textContent ?? ""];
    for (let group = leaf.closest(".option-group"); group; group = group.parentElement.closest(".option-group")) {
      names.unshift(group.querySelector(".group-name").textContent);
    }
    return names.filter(Boolean).join(" › ");
  }

  function itemFor(leaf) {
    const one = item.cloneNode(true);
    const [name, button] = one.children;
    const text = leaf.parentElement.querySelector(".option-name").textContent;
    one.dataset.code = button.value = leaf.value;
    name.textContent = text;
    button.lastChild.textContent = ` ${text}`;
    if ("role" in leaf.parentElement.dataset) {
      const role = document.createElement("small");
      Object.assign(role, { className: "needs-role", textContent: "+ rol" });
      name.append(" ", role);
    }
    return one;
  }

  selected.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    event.preventDefault();
    const at = [...selected.querySelectorAll("button")].indexOf(button);
    const box = form.querySelector(`input[name=option][value="${button.value}"]`);
    if (box.type === "checkbox") box.checked = false;
    else {
      // Of another profile, whose options are not on this page.
      box.remove();
      const folder = button.closest("ul");
      button.closest("li").remove();
      if (!folder.children.length) {
        if (folder.previousElementSibling.matches(".path")) folder.previousElementSibling.remove();
        folder.remove();
      }
    }
    tell();
    const left = selected.querySelectorAll("button");
    (left[Math.min(at, left.length - 1)] ?? title).focus();
  });

  const tell = () => say("selected-status", refresh());
  form.addEventListener("change", ({ target }) => {
    if (target.type === "checkbox" && target.closest("#option-tree")) tell();
  });

  // As users/lists/search.py folds the names of the server.
  const fold = (text) => text.replace(/[’‘‛´`ʼʻ′＇]/g, "'").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const texts = new Map();
  // What the server searches too: the names from the profile down, and the code. Read when first asked.
  function textOf(leaf) {
    if (!texts.has(leaf)) {
      const { profile } = leaf.closest("[data-profile]").dataset;
      const name = selected.querySelector(`[data-profile="${profile}"] h3`).textContent;
      texts.set(leaf, fold(`${name} ${pathOf(leaf)} ${leaf.parentElement.textContent}`));
    }
    return texts.get(leaf);
  }

  function search() {
    const words = fold(query.value).split(/\s+/).filter(Boolean);
    let matching = 0;
    let hidden = 0;
    for (const leaf of boxesIn(tree)) {
      const option = leaf.parentElement;
      option.hidden = !words.every((word) => textOf(leaf).includes(word));
      matching += !option.hidden;
      hidden += option.hidden && leaf.checked;
    }
    for (const group of groups) group.hidden = !group.querySelector(".option:not([hidden])");
    for (const part of parts) if (words.length && part.querySelector(".option:not([hidden])")) part.open = true;
    document.getElementById("no-match").hidden = matching > 0;
    const found = matching === 1 ? "Coincide 1 opción" : `Coinciden ${matching} opciones`;
    const left = plural(hidden, "seleccionada no se ve, pero sigue marcada", "seleccionadas no se ven, pero siguen marcadas");
    say("search-status", words.length ? `${found} con “${query.value.trim()}”.${hidden ? ` ${left}.` : ""}` : "");
    refresh();
  }
  query.addEventListener("input", search);
  const row = query.closest(".search-row");
  if (row.matches(".needs-script")) {
    // Only this script searches here: Enter in the box would send the form.
    query.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }
  refresh();

  // Ask before marks that were not sent, or not saved, are left behind.
  const state = () => String([...new FormData(form)].filter(([name]) => name !== "query"));
  const before = "unsaved" in tree.dataset ? "" : state();
  let isSent = false;
  form.addEventListener("submit", () => { isSent = true; });
  addEventListener("pageshow", () => { isSent = false; });
  addEventListener("beforeunload", (event) => {
    if (!isSent && before !== state()) event.preventDefault();
  });
})();
