"""Sessions with their account."""

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from users.models.accounts import User


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
    def public_id(self) -> str:
        """Identifies the session on a page; the session key would allow a reader to take it over."""
        return salted_hmac("users.Session", self.session_key, algorithm="sha256").hexdigest()[:32]
