"""Where a sign-in goes, and what travels through it in the address."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

# The client of the menu itself, in the real portal.
MENU_CLIENT = "4f3b88b3-d9d6-402a-b85d-6a0bc857746a"
# Robots want a state of more than 20 characters and send it back; nothing here depends on it.
STATE = "simulador-comunidad-del-operador"
TRAVELLING = ("lang", "originalUrl", "state")
LONGEST = 1000


def travelling(sent: Mapping[str, str]) -> dict[str, str]:
    """Return what travels through a sign-in, as it was sent; a value that is too long is left out."""
    return {name: sent[name] for name in TRAVELLING if 0 < len(sent.get(name, "")) <= LONGEST}


def sign_in_page(client: str, sent: Mapping[str, str]) -> str:
    """Return the address of the sign-in page with what travels through it."""
    own = {"lang": "es-PE", "originalUrl": reverse("sol:entry"), "state": STATE}
    return reverse("sol:login_menu", args=[client], query=own | travelling(sent))


def error_page(client: str, sent: Mapping[str, str]) -> str:
    """Return the address of the page of a refused sign-in with what travels through it."""
    return reverse("sol:error", args=[client], query=travelling(sent))


def entry(sent: Mapping[str, str], code: str) -> str:
    """Return the address that takes the code: whatever was asked for comes after it, on this site."""
    query = {"state": travelling(sent).get("state", STATE), "code": code}
    onward = made_local(sent.get("originalUrl", ""))
    if urlsplit(onward).path not in ("", reverse("sol:entry")):
        query["originalUrl"] = onward
    return reverse("sol:entry", query=query)


def made_local(address: str) -> str:
    """Return the path and the query of an address, on this site whatever its host; "" for none."""
    if len(address) > LONGEST:
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    local = parts._replace(scheme="", netloc="", fragment="").geturl()
    is_plain = local.startswith("/") and local.isascii() and local.isprintable()
    is_ours = is_plain and "\\" not in local and not local.startswith("//")
    return local if is_ours and url_has_allowed_host_and_scheme(local, None) else ""
