// The rule of a new clave: ticked while one types, and a clave made here that fits it.
for (const list of document.querySelectorAll("[data-rule-of]")) {
  const first = document.getElementById(list.dataset.ruleOf);
  const again = document.getElementById(list.dataset.ruleOf.replace(/1$/, "2"));
  const field = list.closest(".field");
  const unseen = field.querySelector("[data-unseen]");
  const status = field.querySelector("[data-rule-status]");
  const [length, digit, match] = ["length", "digit", "match"].map((name) =>
    list.querySelector(`[data-rule=${name}]`),
  );
  const characters = (text) => [...text.normalize("NFC")].length;

  const tick = () => {
    const clave = first.value;
    const isLong = characters(clave) >= length.dataset.min && characters(clave) <= length.dataset.max;
    length.classList.toggle("met", isLong);
    digit.classList.toggle("met", /[0-9]/.test(clave));
    match.classList.toggle("met", clave !== "" && clave.normalize("NFC") === again.value.normalize("NFC"));
    unseen.hidden = clave.trim() === clave;
    const left = [...list.querySelectorAll("li:not(.met)")].map((rule) => rule.textContent);
    status.textContent = [
      clave && (left.length ? `Falta: ${left.join(", ")}.` : "La clave cumple la regla."),
      unseen.hidden ? "" : unseen.textContent,
    ].join(" ");
  };
  for (const input of [first, again]) input.addEventListener("input", tick);
  list.classList.add("ticked");
  tick();

  const generate = field.querySelector("[data-generate]");
  if (!generate) continue;
  const { letters, digits } = list.dataset;
  const random = () => {
    const numbers = crypto.getRandomValues(new Uint32Array(length.dataset.max));
    return Array.from(numbers, (number) => (letters + digits)[number % (letters + digits).length]).join("");
  };
  generate.hidden = false;
  generate.addEventListener("click", () => {
    let clave = random();
    while (!/[0-9]/.test(clave)) clave = random();
    for (const input of [first, again]) {
      input.value = clave;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
    first.dispatchEvent(new Event("show-password"));
  });
}
