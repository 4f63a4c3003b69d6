"""A form that was sent when it could not be taken: kept until its owner can send it again.

A session may end, or begin anew in another tab, while a form is being filled in. What was typed
then travels in the sign-in page itself, signed (not hidden: it is what that browser just sent), and
comes back as one button; nothing of it is stored on the server. Claves are left out: they are
typed again. Each form says, signed, who filled it in, so that nobody can have another person send
what he did not write.
"""

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.core.exceptions import SuspiciousOperation

from users.models import User

# In every form that is worth keeping: who filled it in.
OWNER_FIELD = "form_owner"
SALT = "users.unsent"
OWNER_SALT = "users.signin.unsent.owner"


def owner_token(user: User) -> str:
    """What the owner's field holds in the pages of this account, and in no others."""
    return signing.Signer(salt=OWNER_SALT).sign(str(user.pk))


@dataclass(frozen=True)
class UnsentForm:
    path: str
    owner: str
    fields: list[tuple[str, str]]

    @classmethod
    def from_request(cls, request) -> "UnsentForm | None":
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
        try:
            return cls(**signing.loads(text, salt=SALT, max_age=settings.UNSENT_FORM_MAX_AGE))
        except (signing.BadSignature, TypeError):
            return None

    def dumps(self) -> str:
        return signing.dumps(vars(self), salt=SALT, compress=True)

    def belongs_to(self, user: User) -> bool:
        return user.is_authenticated and self.owner == str(user.pk)
