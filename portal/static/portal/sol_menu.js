// Programs click the whole row of the menu: what opens is the link or the folder inside it.
document.addEventListener("click", ({ target }) => {
  if (!target.matches("[id^=nivel], [id^=divOpcionServicio]")) return;
  target.querySelector(":scope > a, :scope > details > summary").click();
});
// In a narrow window the option that was opened stands under the menu, out of sight.
const application = document.getElementById("iframeApplication");
application?.addEventListener("load", () => {
  const page = application.contentDocument;
  if (!page || page.URL === "about:blank") return;
  application.title = page.title;
  if (application.getBoundingClientRect().top > innerHeight / 2) application.scrollIntoView();
});
