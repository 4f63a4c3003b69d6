"""The session engine: Django's database engine with the account stored beside the session.

Named in settings.SESSION_ENGINE. The account lets a page list the sessions («Sesiones abiertas»)
and an action close them when the account is suspended or eliminated or gets another password.
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
from users.models import Session, User, delete_in_order

# The key in the session of when and from where the user signed in.
ORIGIN = "origin"


class SessionStore(DatabaseSessionStore):
    # ``last_seen_at`` of the row that was read.
    last_seen_at = None

    @classmethod
    def get_model_class(cls):
        return Session

    def _get_session_from_db(self):
        row = super()._get_session_from_db()
        if row:
            self.last_seen_at = row.last_seen_at
            # Mark as modified so that ``last_seen_at`` is saved.
            self.modified = timezone.now() - row.last_seen_at >= settings.SESSION_SAVED_EVERY
        return row

    @property
    def idle_since(self) -> datetime:
        """When idle time starts if this request is the last one."""
        return timezone.now() if self.modified else self.last_seen_at or timezone.now()

    def create_model_instance(self, data):
        session = super().create_model_instance(data)
        session.user_id = data.get(SESSION_KEY)
        for name, value in data.get(ORIGIN, {}).items():
            setattr(session, name, value)
        return session

    def get_expiry_date(self, **kwargs):
        """The idle end or the absolute end, the earlier one."""
        idle, absolute = super().get_expiry_date(**kwargs), absolute_end(self)
        return min(idle, absolute) if absolute else idle


@dataclass(frozen=True)
class End:
    """When a session ends: ``absolute`` at the latest, ``idle`` without further activity."""

    absolute: datetime
    idle: datetime

    @property
    def seconds_left(self) -> int:
        return int((self.absolute - timezone.now()).total_seconds())

    @property
    def idle_seconds(self) -> int:
        return int((self.idle - timezone.now()).total_seconds())


def absolute_end(session) -> datetime | None:
    """``settings.SESSION_ABSOLUTE_AGE`` after sign-in; None before it."""
    if started_at := session.get(ORIGIN, {}).get("started_at"):
        return datetime.fromisoformat(started_at) + settings.SESSION_ABSOLUTE_AGE
    return None


def end_of(session) -> End | None:
    """The end of a session as of now; None before sign-in."""
    absolute = absolute_end(session)
    if absolute is None:
        return None
    idle = session.idle_since + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return End(absolute, min(idle, absolute))


def record_origin(request) -> None:
    """Store in the session when, from where and with which browser the user signed in."""
    if ORIGIN in request.session:
        # Django keeps the session key when the same user signs in again: rotate it.
        request.session.cycle_key()
    browser = request.headers.get("User-Agent", "")
    request.session[ORIGIN] = {
        "started_at": timezone.now().isoformat(),
        "address": client_address(request),
        "browser": "".join(filter(str.isprintable, browser))[:200],
    }


def report_previous_sign_in(request, user: User) -> None:
    """Tell the user about the previous sign-in and the failed ones since, to expose a stranger's."""
    if user.previous_sign_in is None:
        return
    at = date_format(timezone.localtime(user.previous_sign_in), "DATETIME_FORMAT")
    sentences = [f"Su último ingreso: {at}."]
    if count := user.failed_sign_ins:
        times = "1 intento fallido" if count == 1 else f"{count} intentos fallidos"
        sentences.append(f"Desde entonces hubo {times}.")
    messages.info(request, " ".join(sentences))


def open_sessions(*users):
    """The sessions of these accounts that have not ended, the last used first."""
    return Session.objects.filter(user__in=users, expire_date__gt=timezone.now()).order_by(
        "-last_seen_at"
    )


def delete_sessions(
    user: User, public_ids: list[str] | None = None, *, keep: str | None = None
) -> int:
    """Delete the sessions of an account and return how many.

    ``public_ids`` limits them to those sessions; ``keep`` is the key of one that stays.
    """
    closing = [
        session.pk
        for session in Session.objects.filter(user=user).exclude(pk=keep)
        if public_ids is None or session.public_id in public_ids
    ]
    delete_in_order(Session.objects.filter(pk__in=closing))
    return len(closing)
