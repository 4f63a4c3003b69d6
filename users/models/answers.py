"""Answers of the API that a repeated request gets again."""

from django.db import models


class KeptAnswer(models.Model):
    """The answer to a request with an Idempotency-Key, kept for a day (``portal.api.repeats``)."""

    # A digest of the company, the call and the key; and of the body.
    key = models.CharField(max_length=64, primary_key=True)
    body = models.CharField(max_length=64)
    # Status and text, encrypted: it may hold a password. Empty while the request is at work.
    answer = models.TextField(blank=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "respuesta guardada"
        verbose_name_plural = "respuestas guardadas"

    def __str__(self) -> str:
        return self.key
