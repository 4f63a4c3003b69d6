"""Counters of failed attempts to sign in."""

from django.db import models


class FailureCount(models.Model):
    """Failed sign-ins counted for one account, known browser, RUC or address.

    The key is a digest that reveals nothing of what was typed. ``users.signin.limits`` has the rules.
    """

    key = models.CharField(max_length=50, primary_key=True)
    # The digest of the account whose lock the row is part of; empty for a RUC or an address.
    account = models.CharField(max_length=32, blank=True, db_index=True)
    failures = models.PositiveIntegerField(default=0)
    # When the rule starts to count time: at the last failure, or at the last decrement.
    since = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "cuenta de intentos fallidos"
        verbose_name_plural = "cuentas de intentos fallidos"

    def __str__(self) -> str:
        return f"{self.key} {self.failures}"
