"""A principal who works in the pages as a browser does: it opens a form, fills it and presses a button."""

from bs4 import Tag
from django.test import Client

from tests.conftest import PASSWORD, soup


class Trainee:
    """Each step is a sentence of a brief, done with the forms of the pages."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def create(self, username: str, number: str, first_name: str, last_name: str) -> None:
        self.fill(
            "/usuarios/nuevo/",
            "Siguiente",
            username=username,
            document_type="1",
            document_number=number,
            first_name=first_name,
            last_name=last_name,
            password1=PASSWORD,
            password2=PASSWORD,
        )

    def options(self, username: str, *codes: str) -> None:
        summary = self.fill(f"/usuarios/{username}/perfiles/", "Siguiente", option=codes)
        self.press(summary, "Grabar")

    def roles(self, username: str, *codes: str) -> None:
        """Assign these roles; without any, the fewest that the page proposes."""
        address = f"/usuarios/{username}/roles/"
        if codes:
            done = self.fill(address, "Asignar", role=codes)
        else:
            done = self.fill(f"{address}?marcar=minimos", "Asignar")
        if done.request["PATH_INFO"] == address and done.status_code == 200:
            # Granted roles change: the page shows first what is added and removed.
            self.press(done, "Asignar")

    def suspend(self, username: str) -> None:
        self.fill(f"/usuarios/{username}/estado/", "Suspender")

    def eliminate(self, username: str) -> None:
        self.fill(f"/usuarios/{username}/eliminar/", "Eliminar")

    def validity(self, username: str, code: str, first: str, last: str) -> None:
        days = {f"desde:{code}": first, f"hasta:{code}": last}
        self.fill(f"/usuarios/{username}/vigencia/", "Grabar", **days)

    def copy(self, username: str, source: str) -> None:
        address = f"/usuarios/{username}/copiar/"
        shown = self.client.get(address, {"desde": source, "modo": "reemplazar"})
        self.press(shown, "Aplicar")

    def reset_password(self, username: str) -> None:
        new = {"password1": "Distinta1", "password2": "Distinta1"}
        self.fill(f"/usuarios/{username}/clave/", "Restablecer", **new)

    def advance(self, hours: int) -> None:
        self.fill("/reloj/", "Adelantar", amount=hours, unit="hours")

    def fill(self, address: str, button: str, **fields):
        return self.press(self.client.get(address), button, **fields)

    def press(self, response, button: str, **fields):
        """Send the form of a page that has this button, with what it shows and these fields."""
        assert response.status_code == 200, response
        buttons = soup(response).select("main form button:not([type=button])")
        [pressed] = [each for each in buttons if each.get_text(strip=True).startswith(button)][:1]
        form = pressed.find_parent("form")
        sent = {**shown_in(form), **fields}
        if pressed.get("name"):
            sent[pressed["name"]] = pressed["value"]
        path = response.request["PATH_INFO"]
        action = form.get("action") or path
        address = path + action if action.startswith("?") else action
        done = self.client.post(address, sent, follow=True)
        problems = [
            each.get_text(" ", strip=True) for each in soup(done).select("[aria-invalid=true]")
        ]
        assert done.status_code == 200, (address, done.status_code, problems)
        return done


def shown_in(form: Tag) -> dict[str, list[str]]:
    """Return what the form would send as it is shown, without its buttons."""
    sent: dict[str, list[str]] = {}
    for control in form.select("input[name]"):
        if control.get("type") in ("checkbox", "radio") and not control.has_attr("checked"):
            continue
        if control.get("type") != "submit":
            sent.setdefault(control["name"], []).append(control.get("value", ""))
    for choice in form.select("select[name]"):
        chosen = choice.select_one("option[selected]") or choice.select_one("option")
        sent[choice["name"]] = [chosen["value"]]
    return sent


def checked(*missing: str) -> dict:
    """Return the facts of a check that found one thing done and these missing."""
    wrong = [{"ok": False, "sentence": sentence} for sentence in missing]
    return {"done": 1, "of": 1 + len(missing), "results": [{"ok": True, "sentence": ""}, *wrong]}
