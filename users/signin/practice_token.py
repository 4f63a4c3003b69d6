"""The token of a practice company, by which a program acts for its principal.

It is random and long, so that a plain digest is stored, and guesses at it are not counted: of 2**122
tokens and more, none is guessed.
"""

from hashlib import sha256

from django.views.decorators.debug import sensitive_variables

from users.models import User


@sensitive_variables()
def digest(token: str) -> str:
    """Return what is stored of a token."""
    return sha256(token.encode()).hexdigest()


@sensitive_variables()
def principal_of(token: str) -> User | None:
    """Return the principal for whom the token acts; None if it is none, or none any more.

    It ends with a reset and with the company, and a principal who is blocked has none.
    """
    principals = User.objects.existing().filter(is_principal=True).select_related("operator")
    user = principals.filter(operator__token_digest=digest(token)).first()
    return user if user and user.is_active else None
