// A phone offers digits alone where the document has no letters.
const type = document.querySelector("[name=document_type]");
const number = document.querySelector("[name=document_number]");
const offer = () => {
  number.inputMode = ["", type.dataset.digits].includes(type.value) ? "numeric" : "text";
};
type.addEventListener("change", offer);
offer();
