"""What a sign-in does once the credentials were accepted."""

from django.contrib.auth import login
from django.contrib.auth.models import update_last_login
from django.db import transaction

from users.models import User
from users.signin import devices, pending, sessions, throttle


@transaction.atomic
def sign_in(request, user: User) -> None:
    """Sign the account in by Django's ``login``, in one transaction.

    The account's row is locked before its sessions, as in every action that closes them.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    login(request, user)


@transaction.atomic
def admit(request, user: User) -> None:
    """Record that the account was let in without a session, as a program that takes a token is."""
    update_last_login(None, user)
    throttle.reset_failed_sign_ins(request, user)


def complete(*, request, user: User, **signal) -> None:
    """Complete a sign-in: the one receiver of Django's ``user_logged_in`` (``users.apps``).

    Every way to sign in sends that signal: the operators' page, the page for the code, the
    administration, and Django's own ``login``.
    """
    pending.end(request)
    sessions.record_origin(request)
    sessions.report_previous_sign_in(request, user)
    throttle.reset_failed_sign_ins(request, user)
    devices.remember(request, user)
