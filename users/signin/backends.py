"""The two doors: RUC + usuario + clave for operators, usuario + password for staff."""

from django.contrib.auth.backends import ModelBackend
from django.views.decorators.debug import sensitive_variables

from operators.validators import normalise_ruc
from users.models import User
from users.signin import throttle
from users.validators import normalise_username


class DoorBackend(ModelBackend):
    """One door: it lets in, and keeps in, the accounts of its own queryset only.

    Raises LockedError to whoever has failed too often, before it looks at the clave.
    """

    def accounts(self):
        raise NotImplementedError

    def get_user(self, user_id):
        user = self.accounts().filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    @sensitive_variables()
    def _admit(self, request, user: User | None, password: str, **name: str) -> User | None:
        with throttle.guess(request, user=user, **name) as guess:
            if user is None:
                # One hash for an unknown account too, so that the time taken does not tell it
                # from a wrong password.
                User().set_password(password)
            else:
                guess.is_right = user.check_password(password) and self.user_can_authenticate(user)
        if not guess.is_right:
            return None
        user.previous_sign_in = user.last_login
        return user


class OperatorBackend(DoorBackend):
    def accounts(self):
        return User.objects.of_operators().existing().select_related("operator")

    @sensitive_variables()
    def authenticate(self, request, ruc, username, password):
        user = (
            self.accounts()
            .filter(operator__ruc=normalise_ruc(ruc), username=normalise_username(username))
            .first()
        )
        return self._admit(request, user, password, ruc=ruc, username=username)


class StaffBackend(DoorBackend):
    def accounts(self):
        return User.objects.staff().existing()

    @sensitive_variables()
    def authenticate(self, request, username, password):
        user = self.accounts().filter(username=username).first()
        return self._admit(request, user, password, ruc="", username=username)
