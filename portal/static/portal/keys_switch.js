// Keys of one character can be switched off: whoever speaks to the computer presses them unwanted.
const button = document.getElementById("keys-switch");
const show = () => {
  button.hidden = false;
  button.textContent = localStorage.getItem("keys") === "off" ? "Activar las teclas" : "Desactivar las teclas";
};
button.addEventListener("click", () => {
  if (localStorage.getItem("keys") === "off") localStorage.removeItem("keys");
  else localStorage.setItem("keys", "off");
  show();
});
show();
