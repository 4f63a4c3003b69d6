"""A form that arrived without its session: kept until its owner can send it again.

A session may end, or start again in another tab, while a user fills in a form. The sign-in page
then carries the fields, signed (the browser has just sent them, so they are no secret), and a
button to send them again after sign-in; the server stores nothing. Passwords are left out. Each
form names its owner, signed, so that a form cannot be sent in the name of another account
(docs/decisions/0022).
"""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.core.exceptions import SuspiciousOperation

from users.models import User

# The hidden input of every form worth keeping; it names the account that filled the form in.
OWNER_FIELD = "form_owner"
SALT = "users.unsent"
OWNER_SALT = "users.signin.unsent.owner"


def owner_token(user: User) -> str:
    """The value of OWNER_FIELD in the pages of this account."""
    return signing.Signer(salt=OWNER_SALT).sign(str(user.pk))


@dataclass(frozen=True)
class UnsentForm:
    """The address, the owner's primary key and the fields of a form."""

    path: str
    owner: str
    fields: list[tuple[str, str]]

    @classmethod
    def from_request(cls, request) -> "UnsentForm | None":
        """The form of a POST; None unless its owner is signed."""
        try:
            owner = signing.Signer(salt=OWNER_SALT).unsign(request.POST.get(OWNER_FIELD, ""))
            fields = [
                (name, value)
                for name, values in request.POST.lists()
                for value in values
                if "password" not in name and name != "csrfmiddlewaretoken"
            ]
        except (signing.BadSignature, SuspiciousOperation, OSError):
            return None
        return cls(request.get_full_path(), owner, fields)

    @classmethod
    def loads(cls, text: str) -> "UnsentForm | None":
        """What ``dumps`` returned; None if it is not signed or too old."""
        try:
            return cls(**signing.loads(text, salt=SALT, max_age=settings.UNSENT_FORM_MAX_AGE))
        except (signing.BadSignature, TypeError):
            return None

    def dumps(self) -> str:
        """The form as signed text for a hidden input."""
        return signing.dumps(vars(self), salt=SALT, compress=True)

    def belongs_to(self, user: User) -> bool:
        return user.is_authenticated and self.owner == str(user.pk)
