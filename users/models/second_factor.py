"""The second factor of an account and its recovery codes."""

from django.db import models

from users.models.accounts import User


class SecondFactor(models.Model):
    """The second factor of an account; the row exists while it is turned on.

    ``users.signin.second_factor`` creates the secret and the codes.
    """

    user = models.OneToOneField(
        User, primary_key=True, on_delete=models.CASCADE, related_name="second_factor"
    )
    # Encrypted; 32 letters and digits become 140.
    sealed_secret = models.CharField(max_length=200)
    # The thirty-second step of the last accepted code: codes up to that step are refused.
    last_step = models.BigIntegerField()
    since = models.DateTimeField("desde", auto_now_add=True)

    class Meta:
        verbose_name = "segundo factor"
        verbose_name_plural = "segundos factores"

    def __str__(self) -> str:
        return str(self.user)


class RecoveryCode(models.Model):
    """A recovery code, accepted once in place of a code of the app; its use deletes the row."""

    factor = models.ForeignKey(
        SecondFactor, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = "código de recuperación"
        verbose_name_plural = "códigos de recuperación"
        constraints = [
            models.UniqueConstraint(fields=["factor", "digest"], name="recovery_code_once"),
        ]

    def __str__(self) -> str:
        return str(self.factor)
