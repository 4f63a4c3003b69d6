"""Sessions with their account."""

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from users.models.accounts import User

# What a browser calls itself, the most particular first: Edge calls itself Chrome and Safari too.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def browser_in_words(agent: str) -> str:
    """Return «Chrome en Linux» for the User-Agent of a browser; any other text cut short."""
    found = [
        next((words for sign, words in known if sign in agent), "") for known in (BROWSERS, SYSTEMS)
    ]
    return " en ".join(found) if all(found) else agent[:60]


class Session(AbstractBaseSession):
    """A session with its account, so that it can be listed and closed (``users.signin.sessions``)."""

    user = models.ForeignKey(
        User, null=True, on_delete=models.CASCADE, related_name="sessions", verbose_name="usuario"
    )
    started_at = models.DateTimeField("inicio", null=True)
    last_seen_at = models.DateTimeField("última actividad", auto_now=True)
    address = models.GenericIPAddressField("dirección", null=True)
    browser = models.CharField("navegador", max_length=200, blank=True)

    class Meta(AbstractBaseSession.Meta):
        verbose_name = "sesión"
        verbose_name_plural = "sesiones"

    @classmethod
    def get_session_store_class(cls):
        return import_string(f"{settings.SESSION_ENGINE}.SessionStore")

    @property
    def browser_in_words(self) -> str:
        return browser_in_words(self.browser)

    @property
    def public_id(self) -> str:
        """Identifies the session on a page; the session key would allow a reader to take it over."""
        return salted_hmac("users.Session", self.session_key, algorithm="sha256").hexdigest()[:32]
