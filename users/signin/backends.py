"""Authentication backends: RUC, usuario and password for operators; usuario and password for staff."""

from django.contrib.auth.backends import ModelBackend
from django.db.models import QuerySet
from django.views.decorators.debug import sensitive_variables

from operators.validators import normalise_ruc
from users.models import User
from users.signin import faults, throttle
from users.signin.hashers import spellings
from users.validators import normalise_username


class AccountBackend(ModelBackend):
    """Authenticates, and loads for a session, only its ``accounts``.

    ``authenticate`` raises LockedError, without comparing the password, after too many failures.
    """

    accounts: QuerySet

    def get_user(self, user_id):
        try:
            user = self.accounts.get(pk=user_id)
        except User.DoesNotExist:
            return None
        return user if self.user_can_authenticate(user) else None

    @sensitive_variables()
    def _check(
        self, request, user: User | None, password: str, *, blocked_too: bool = False, **name: str
    ) -> User | None:
        with throttle.guess(request, user=user, **name) as guess:
            if user is None:
                # Hash as often for an unknown account: the response time must not reveal whether
                # the account exists.
                for spelling in spellings(password):
                    User().set_password(spelling)
            else:
                guess.is_right = user.check_password(password) and (
                    blocked_too or self.user_can_authenticate(user)
                )
        if not guess.is_right:
            return None
        user.previous_sign_in = user.last_login
        return user


class OperatorBackend(AccountBackend):
    accounts = User.objects.of_operators().existing().select_related("operator")

    @sensitive_variables()
    def authenticate(self, request, ruc, username, password, *, blocked_too=False):
        """Return the account; ``blocked_too`` returns one that is blocked as well.

        The caller then checks the blocks of the account, and never signs a blocked one in. Raises OutageError
        while the company rehearses one.
        """
        user = self.accounts.filter(
            operator__ruc=normalise_ruc(ruc), username=normalise_username(username)
        ).first()
        user = self._check(
            request, user, password, ruc=ruc, username=username, blocked_too=blocked_too
        )
        if user is not None:
            faults.meet(user.operator)
        return user


class StaffBackend(AccountBackend):
    accounts = User.objects.staff().existing()

    @sensitive_variables()
    def authenticate(self, request, username, password):
        user = self.accounts.filter(username=username).first()
        return self._check(request, user, password, ruc="", username=username)
