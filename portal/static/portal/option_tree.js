// The tree of options, made quicker: search as one types, mark a whole folder, close folders,
// counts and the list of what is selected kept up to date. Without this script each of these is a
// submit of the form; only the leaves have a name, so nothing else is ever sent.
(() => {
  const tree = document.getElementById("option-tree");
  if (!tree) return;

  const form = tree.closest("form");
  const leaves = [...tree.querySelectorAll("input[name=option][type=checkbox]")];
  const groups = [...tree.querySelectorAll(".option-group")];
  const profile = document.querySelector(".profile[aria-current]");
  const list = document.getElementById("selected-list");
  const total = document.getElementById("selected-count");
  const none = document.getElementById("selected-none");
  const profiles = [...document.querySelectorAll(".profile")].map((button) => button.dataset.profile);
  const leavesOf = (group) => [...group.querySelectorAll("input[name=option]")];
  const isSeen = (input) => input.type === "checkbox" && !input.closest(".option").hidden;
  const isMarked = (input) => input.type === "hidden" || input.checked;
  const plural = (count, one, many) => (count === 1 ? one : many);
  const countText = (marked, all) => `${marked} de ${all} seleccionadas`;

  // Folders: a parent checkbox without a name instead of the two submits, and a way to close it.
  for (const group of groups) {
    const name = group.dataset.name;
    const legend = group.querySelector("legend");
    const body = group.querySelector(".group-body");

    const toggle = document.createElement("button");
    toggle.type = "button";
    toggle.className = "group-toggle";
    toggle.textContent = name;
    toggle.setAttribute("aria-expanded", "true");
    toggle.addEventListener("click", () => open(group, body.hidden));
    legend.querySelector(".group-name").replaceWith(toggle);

    const parent = document.createElement("div");
    parent.className = "form-check group-all";
    const box = document.createElement("input");
    box.type = "checkbox";
    box.className = "group-box";
    box.id = `group-${group.dataset.code}`;
    const label = document.createElement("label");
    label.className = "form-check-label";
    label.htmlFor = box.id;
    label.textContent = "Seleccionar todo";
    const where = document.createElement("span");
    where.className = "visually-hidden";
    where.textContent = ` en ${name}`;
    label.append(where);
    parent.append(box, label);
    group.querySelector(".group-buttons").replaceWith(parent);
    box.addEventListener("change", () => {
      for (const leaf of leavesOf(group).filter(isSeen)) leaf.checked = box.checked;
      refresh();
    });
  }

  function open(group, isOpen) {
    const toggle = group.querySelector(".group-toggle");
    const body = group.querySelector(".group-body");
    body.hidden = !isOpen;
    body.previousElementSibling.hidden = !isOpen;
    toggle.setAttribute("aria-expanded", String(isOpen));
  }

  function refresh() {
    for (const group of groups) {
      const inside = leavesOf(group);
      const seen = inside.filter(isSeen);
      const marked = inside.filter(isMarked).length;
      group.querySelector(".group-count").textContent = countText(marked, group.total);
      const box = group.querySelector(".group-box");
      // It speaks of what it would mark or unmark: a second click must be able to take back the first.
      box.checked = seen.length > 0 && seen.every(isMarked);
      box.indeterminate = marked > 0 && !box.checked;
    }
    const here = leaves.filter(isMarked).length + tree.querySelectorAll("input[type=hidden]").length;
    const others = form.querySelectorAll("input[name=option][type=hidden]").length - tree.querySelectorAll("input[type=hidden]").length;
    total.textContent = here + others;
    none.hidden = here + others > 0;
    if (profile) profile.querySelector(".group-count").textContent = countText(here, profile.total);
    for (const leaf of leaves) {
      const shown = list.querySelector(`[data-code="${leaf.value}"]`);
      if (leaf.checked && !shown) list.insertBefore(itemFor(leaf), itemAfter(leaf));
      if (!leaf.checked && shown) shown.remove();
    }
  }

  function itemFor(leaf) {
    const names = [profile.querySelector(".profile-name").textContent.trim()];
    const folders = [];
    for (let group = leaf.closest(".option-group"); group; group = group.parentElement.closest(".option-group")) {
      folders.unshift(group.dataset.name);
    }
    const item = document.createElement("li");
    item.dataset.code = leaf.value;
    item.dataset.profile = tree.dataset.code;
    const path = document.createElement("span");
    path.className = "path";
    path.textContent = [...names, ...folders].join(" › ");
    const label = leaf.parentElement.querySelector("label").firstChild.textContent.trim();
    item.append(path, ` ${label}`);
    return item;
  }

  // Where the server would put it: in the order of the tree.
  function itemAfter(leaf) {
    const codes = leavesOf(tree).map((input) => input.value);
    const later = new Set(codes.slice(codes.indexOf(leaf.value) + 1));
    const here = profiles.indexOf(tree.dataset.code);
    const isAfter = ({ dataset }) =>
      later.has(dataset.code) || profiles.indexOf(dataset.profile) > here;
    return [...list.children].find(isAfter) ?? null;
  }

  // The counts that the server wrote include what a search on the server left out of the page.
  for (const counted of [...groups, ...(profile ? [profile] : [])]) {
    const [, all] = counted.querySelector(".group-count").textContent.match(/de (\d+)/);
    counted.total = Number(all);
  }

  const query = document.getElementById("query");
  const status = document.getElementById("search-status");
  // As users/lists/search.py folds the names of the server.
  const fold = (text) => text.replace(/[’‘‛´`ʼʻ′＇]/g, "'").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const serverSide = query.value !== "";
  function search() {
    const words = fold(query.value).split(/\s+/).filter(Boolean);
    let matching = 0;
    let hidden = 0;
    for (const leaf of leaves) {
      const option = leaf.closest(".option");
      const matches = words.every((word) => option.dataset.search.includes(word));
      option.hidden = !matches;
      matching += matches;
      hidden += !matches && leaf.checked;
    }
    for (const group of groups) {
      group.hidden = !group.querySelector(".option:not([hidden])");
      if (words.length && !group.hidden) open(group, true);
    }
    status.textContent = words.length
      ? `${plural(matching, "Coincide 1 opción", `Coinciden ${matching} opciones`)} con “${query.value.trim()}”.` +
        (hidden ? ` ${plural(hidden, "1 seleccionada no se ve, pero sigue marcada", `${hidden} seleccionadas no se ven, pero siguen marcadas`)}.` : "")
      : "";
    refresh();
  }
  // A page that came already filtered does not hold the other options: there the server searches.
  if (!serverSide) query.addEventListener("input", search);

  form.addEventListener("change", refresh);

  // Marks not yet sent to stay: the browser's own Back asks the server for the page again, which
  // knows only what was saved.
  // Only over what was seen then: if the user has changed since, the page as it is now is right.
  const draft = `option-tree ${form.elements.form_owner.value} ${location.pathname}`;
  const seen = form.elements.seen.value;
  form.addEventListener("submit", () => {
    const marked = [...form.querySelectorAll("input[name=option]")].filter(isMarked);
    const codes = marked.map((input) => input.value);
    sessionStorage.setItem(draft, JSON.stringify({ seen, codes }));
  });
  const [navigation] = performance.getEntriesByType("navigation");
  const kept = JSON.parse(sessionStorage.getItem(draft));
  const isReturn = ["back_forward", "reload"].includes(navigation?.type);
  if (isReturn && kept?.seen === seen) restore(kept.codes);
  refresh();

  function restore(codes) {
    const here = new Set(leaves.map((leaf) => leaf.value));
    for (const leaf of leaves) leaf.checked = codes.includes(leaf.value);
    for (const hidden of form.querySelectorAll("input[name=option][type=hidden]")) hidden.remove();
    for (const code of codes.filter((code) => !here.has(code))) {
      const hidden = document.createElement("input");
      Object.assign(hidden, { type: "hidden", name: "option", value: code });
      form.append(hidden);
    }
  }
})();
