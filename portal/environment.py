"""Variables of an installation, from its environment and its .env.

A value that cannot be used raises ImproperlyConfigured with a sentence for the person who installs
the portal: it names the variable and what to write. No sentence quotes a key or a password.
"""

import re
from contextlib import suppress
from io import StringIO
from ipaddress import ip_address, ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environ import Env

LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
HOST = re.compile(rf"{LABEL}(\.{LABEL})*|\[[0-9a-f:.]+\]", re.IGNORECASE)
# The widest network of proxies, by IP version and whether it is private: an organisation's own, or
# a content delivery network's. A wider one holds visitors, whose X-Forwarded-For would be believed.
WIDEST = {(4, True): 8, (6, True): 7, (4, False): 12, (6, False): 28}

# Numbers and flags that the URL of a database may end with: ?conn_max_age=0
URL_OPTIONS = {"CONN_MAX_AGE", "CONN_HEALTH_CHECKS", "DISABLE_SERVER_SIDE_CURSORS"}


def read(file: Path) -> None:
    """Add the variables of a .env to the environment, where the same name has preference."""
    try:
        content = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(
            f"{file} existe y no se puede leer ({type(error).__name__}). Debe ser un archivo de "
            "texto UTF-8 que pueda leer el usuario que ejecuta el portal."
        ) from None
    for number, line in enumerate(content.splitlines(), start=1):
        if "\0" in line or (line.strip() and not re.match(r"#|(export )?\w+=", line)):
            raise ImproperlyConfigured(
                f"La línea {number} de {file} no se entiende. Escriba NOMBRE=valor, sin espacios "
                "alrededor de =, o empiece la línea con #."
            )
    Env.read_env(StringIO(content))


def text(name: str, *, default: str = "") -> str:
    value = Env.ENVIRON.get(name, default)
    if not value.isprintable():
        raise ImproperlyConfigured(f"{name} tiene caracteres que no se ven. Escríbalo otra vez.")
    return value


def flag(name: str, *, default: bool = False) -> bool:
    """Return a true/false variable. Any other text is ambiguous."""
    value = text(name, default=str(default).lower())
    if value not in ("true", "false"):
        raise ImproperlyConfigured(f"{name} debe ser true o false, en minúsculas: dice «{value}».")
    return value == "true"


def number(name: str, *, default: int) -> int:
    """Return a count of processes or threads."""
    value = text(name, default=str(default))
    if not re.fullmatch("[1-9][0-9]?", value):
        raise ImproperlyConfigured(f"{name} debe ser un número de 1 a 99: dice «{value}».")
    return int(value)


def items(name: str) -> list[str]:
    """Return the parts of a variable between commas."""
    return [part.strip() for part in text(name).split(",") if part.strip()]


def hosts(name: str, *, default: list[str]) -> list[str]:
    """Return names of this site, each in full: a wildcard would accept names of other people."""
    found = items(name)
    for host in found:
        if not HOST.fullmatch(host):
            raise ImproperlyConfigured(
                f"{name} dice «{host}». Escriba cada nombre entero, sin https://, sin puerto, sin "
                f"* y sin punto delante: {name}=portal.ejemplo.pe"
            )
    return found or default


def origins(name: str) -> list[str]:
    """Return other sites whose forms are accepted: over TLS, or anyone on the way could write one."""
    found = items(name)
    for origin in found:
        host, _, port = origin.removeprefix("https://").partition(":")
        if not (
            origin.startswith("https://")
            and HOST.fullmatch(host)
            and re.fullmatch("[0-9]{0,5}", port)
        ):
            raise ImproperlyConfigured(
                f"{name} dice «{origin}». Escriba cada sitio con https:// y su nombre entero, sin "
                f"* ni nada detrás: {name}=https://sitio.ejemplo.pe"
            )
    return found


def networks(name: str) -> list:
    """Return the networks of proxies."""
    found = []
    for part in items(name):
        try:
            network = ip_network(part)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} dice «{part}», que no es una red. Escriba la dirección de cada proxy, "
                f"separadas por comas: {name}=127.0.0.1/32"
            ) from None
        if network.prefixlen < WIDEST[network.version, network.is_private]:
            raise ImproperlyConfigured(
                f"{name} dice «{part}»: en una red tan grande hay visitantes, y lo que ellos "
                f"escriban se creería. Escriba solo las direcciones de sus proxies: {name}=127.0.0.1/32"
            )
        found.append(network)
    return found


def socket(name: str, *, default: str) -> str:
    """Return where to listen: an address and a port, or the descriptor of an open socket.

    A Unix socket is refused: its clients have no address (docs/decisions/0037).
    """
    value = text(name, default=default)
    if re.fullmatch(r"fd://\d{1,4}", value):
        return value
    host, _, port = value.rpartition(":")
    try:
        address = ip_address(re.sub(r"^\[(.*:.*)\]$", r"\1", host))
        if not (re.fullmatch("[1-9][0-9]{0,4}", port) and int(port) < 2**16):
            raise ValueError
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} dice «{value}». Escriba una dirección y un puerto: {name}=127.0.0.1:8000"
        ) from None
    # An IPv4 address may be written as IPv6: one address has one form.
    address = getattr(address, "ipv4_mapped", None) or address
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


def database(name: str, *, default: str) -> dict:
    return database_at(text(name, default=default), name=name)


def database_at(url: str, *, name: str) -> dict:
    """Return Django's settings of a database of one of the kinds that are tested."""
    found = {}
    if re.match("(postgres|postgresql|pgsql)://|sqlite:///.|sqlite://:memory:$", url):
        # What follows the colon may be no port.
        with suppress(ValueError):
            found = Env.db_url_config(url)
    for option in URL_OPTIONS & found.keys():
        found[option] = {"true": True, "false": False}.get(found[option], found[option])
    if (
        not found.get("NAME")
        or "#" in url
        or "@" in found["NAME"]
        or any(isinstance(found.get(option), str) for option in URL_OPTIONS)
    ):
        raise ImproperlyConfigured(
            f"{name} no se entiende. Escriba postgres://usuario:clave@servidor:5432/base o "
            "sqlite:////ruta/al/archivo. Dentro de la clave, los signos @ / # ? : % se escriben "
            "%40 %2F %23 %3F %3A %25; o quite la clave de ahí y póngala, tal cual, en PGPASSWORD."
        )
    return found
