"""The session engine: Django's own in the database, with the name of whoever is signed in.

Named in settings.SESSION_ENGINE. Knowing whose a session is lets it be listed («Sesiones
abiertas») and closed at once, when its user is suspended, eliminated or given another clave.
"""

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.dispatch import receiver
from django.utils import timezone

from users.models import Session

# Inside the session: since when, and from where.
ORIGIN = "origin"


class SessionStore(DatabaseSessionStore):
    @classmethod
    def get_model_class(cls):
        return Session

    def create_model_instance(self, data):
        session = super().create_model_instance(data)
        session.user_id = data.get(SESSION_KEY)
        for name, value in data.get(ORIGIN, {}).items():
            setattr(session, name, value)
        return session


@receiver(user_logged_in)
def remember_origin(sender, request, user, **kwargs):
    browser = request.headers.get("User-Agent", "")
    request.session[ORIGIN] = {
        "started_at": timezone.now().isoformat(),
        "address": request.META.get("REMOTE_ADDR") or None,
        "browser": "".join(filter(str.isprintable, browser))[:200],
    }


def open_sessions(*users):
    """The sessions in which these accounts are signed in now, the latest used first."""
    return Session.objects.filter(user__in=users, expire_date__gt=timezone.now()).order_by(
        "-last_seen_at"
    )
