"""The two doors: RUC + usuario + clave for operators, usuario + password for staff."""

from django.contrib.auth.backends import ModelBackend
from django.views.decorators.debug import sensitive_variables

from operators.validators import normalise_ruc
from users.models import User
from users.validators import normalise_username


class DoorBackend(ModelBackend):
    """One door: it lets in, and keeps in, the accounts of its own queryset only."""

    def accounts(self):
        raise NotImplementedError

    def get_user(self, user_id):
        user = self.accounts().filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    @sensitive_variables()
    def _admit(self, user: User | None, password: str) -> User | None:
        if user is None:
            # One hash for an unknown account too, so that the time taken does not tell it from
            # a wrong password.
            User().set_password(password)
            return None
        if user.check_password(password) and self.user_can_authenticate(user):
            return user
        return None


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
        return self._admit(user, password)


class StaffBackend(DoorBackend):
    def accounts(self):
        return User.objects.staff().existing()

    @sensitive_variables()
    def authenticate(self, request, username, password):
        return self._admit(self.accounts().filter(username=username).first(), password)
