// «RUC» is the one way to sign in, and chosen already: its button goes to the field of that name.
document.getElementById("btnPorRuc").addEventListener("click", () => {
  document.getElementById("txtRuc").focus();
});
