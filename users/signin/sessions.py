"""The session engine: Django's own in the database, with the name of whoever is signed in.

Named in settings.SESSION_ENGINE. Knowing whose a session is lets it be listed («Sesiones
abiertas») and closed at once, when its user is suspended, eliminated or given another clave.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.utils import timezone
from django.utils.formats import date_format

from users.address import client_address
from users.models import Session, User

# Inside the session: since when, and from where.
ORIGIN = "origin"


class SessionStore(DatabaseSessionStore):
    # Where the row that was read says when somebody was last there.
    last_seen_at = None

    @classmethod
    def get_model_class(cls):
        return Session

    def _get_session_from_db(self):
        row = super()._get_session_from_db()
        if row:
            self.last_seen_at = row.last_seen_at
            # That somebody is there is what has changed.
            self.modified = timezone.now() - row.last_seen_at >= settings.SESSION_SAVED_EVERY
        return row

    @property
    def idle_since(self) -> datetime:
        """Since when it will be idle, if nothing is done after this request."""
        return timezone.now() if self.modified else self.last_seen_at or timezone.now()

    def create_model_instance(self, data):
        session = super().create_model_instance(data)
        session.user_id = data.get(SESSION_KEY)
        for name, value in data.get(ORIGIN, {}).items():
            setattr(session, name, value)
        return session

    def get_expiry_date(self, **kwargs):
        """The end for want of activity, or that of every session however busy: the earlier one."""
        idle, absolute = super().get_expiry_date(**kwargs), absolute_end(self)
        return min(idle, absolute) if absolute else idle


@dataclass(frozen=True)
class End:
    """When a session ends: at the latest, and if nothing more is done in it."""

    absolute: datetime
    idle: datetime

    @property
    def seconds_left(self) -> int:
        return int((self.absolute - timezone.now()).total_seconds())

    @property
    def idle_seconds(self) -> int:
        return int((self.idle - timezone.now()).total_seconds())


def absolute_end(session) -> datetime | None:
    if started_at := session.get(ORIGIN, {}).get("started_at"):
        return datetime.fromisoformat(started_at) + settings.SESSION_ABSOLUTE_AGE
    return None


def end_of(session) -> End | None:
    """The end of a session in which somebody has signed in, as of a page shown now."""
    absolute = absolute_end(session)
    if absolute is None:
        return None
    idle = session.idle_since + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return End(absolute, min(idle, absolute))


def record_origin(request) -> None:
    """Store in the session when, from where and with which browser the user signed in."""
    if ORIGIN in request.session:
        # Django keeps the key of whoever signs in again as the same user.
        request.session.cycle_key()
    browser = request.headers.get("User-Agent", "")
    request.session[ORIGIN] = {
        "started_at": timezone.now().isoformat(),
        "address": client_address(request),
        "browser": "".join(filter(str.isprintable, browser))[:200],
    }


def report_previous_sign_in(request, user: User) -> None:
    """Whoever enters is told when he last did, so that he notices if that was somebody else."""
    if user.previous_sign_in is None:
        return
    at = date_format(timezone.localtime(user.previous_sign_in), "DATETIME_FORMAT")
    sentences = [f"Su último ingreso: {at}."]
    if count := user.failed_sign_ins:
        times = "1 intento fallido" if count == 1 else f"{count} intentos fallidos"
        sentences.append(f"Desde entonces hubo {times}.")
    messages.info(request, " ".join(sentences))


def open_sessions(*users):
    """The sessions in which these accounts are signed in now, the latest used first."""
    return Session.objects.filter(user__in=users, expire_date__gt=timezone.now()).order_by(
        "-last_seen_at"
    )


def delete_sessions(
    user: User, public_ids: list[str] | None = None, *, keep: str | None = None
) -> int:
    closing = [
        session.pk
        for session in Session.objects.filter(user=user).exclude(pk=keep)
        if public_ids is None or session.public_id in public_ids
    ]
    Session.objects.filter(pk__in=closing).delete()
    return len(closing)
