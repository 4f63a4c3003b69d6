// «Usar» beside a practice account fills the form; its clave stands on the page anyway. Without this
// script the link fills RUC and usuario.
for (const link of document.querySelectorAll("[data-password]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const account = new URL(link.href).searchParams;
    document.getElementById("txtRuc").value = account.get("ruc");
    document.getElementById("txtUsuario").value = account.get("usuario");
    document.getElementById("txtContrasena").value = link.dataset.password;
    document.getElementById("btnAceptar").focus();
  });
}
