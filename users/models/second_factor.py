"""The second factor of an account and its recovery codes."""

from django.db import models

from users.models.accounts import User


class SecondFactor(models.Model):
    """What an account is asked for after its clave: there is a row if, and while, it is on.

    ``users.signin.second_factor`` makes what is in it.
    """

    user = models.OneToOneField(
        User, primary_key=True, on_delete=models.CASCADE, related_name="second_factor"
    )
    # Encrypted; 32 letters and digits become 140.
    sealed_secret = models.CharField(max_length=200)
    # The thirty seconds of the last code that was taken: none of them or of before is again.
    last_step = models.BigIntegerField()
    since = models.DateTimeField("desde", auto_now_add=True)

    class Meta:
        verbose_name = "segundo factor"
        verbose_name_plural = "segundos factores"

    def __str__(self) -> str:
        return str(self.user)


class RecoveryCode(models.Model):
    """One of the codes that stand in for the app; there is a row until it is used."""

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
