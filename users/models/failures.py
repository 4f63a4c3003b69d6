"""Counters of failed attempts to sign in."""

from django.db import models


class FailureCount(models.Model):
    """Failures to sign in counted against one account, browser, RUC or address.

    Keyed by digests, so that it tells nothing of what was typed; ``users.signin.throttle`` has the rules.
    """

    key = models.CharField(max_length=50, primary_key=True)
    # The account whose lock it is part of; empty for what many accounts share.
    account = models.CharField(max_length=32, blank=True, db_index=True)
    failures = models.PositiveIntegerField(default=0)
    # From when the rule counts time: of the last failure, or of the last one forgotten.
    since = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "cuenta de intentos fallidos"
        verbose_name_plural = "cuentas de intentos fallidos"

    def __str__(self) -> str:
        return f"{self.key} {self.failures}"
