// Back and reload ask the server for the tree that the address names, but the marks sent since are in
// the address of a later page: go on with those.
(() => {
  const form = document.querySelector("form:has([name=seen])");
  const here = new URL(location);
  const tree = new URL(form.action).pathname;
  const key = `marks ${form.elements.form_owner.value} ${tree}`;
  const marks = here.searchParams.get("marcas");
  const kept = sessionStorage.getItem(key);
  const [navigation] = performance.getEntriesByType("navigation");
  const isReturn = ["back_forward", "reload"].includes(navigation?.type) && here.pathname === tree;
  if (isReturn && kept && kept !== marks) {
    here.searchParams.set("marcas", kept);
    location.replace(here);
  } else if (marks) sessionStorage.setItem(key, marks);
  else sessionStorage.removeItem(key);
})();
