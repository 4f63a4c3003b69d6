"""The token of a practice company, by which a program acts for its principal.

The token has at least 122 random bits. So a plain digest of it is enough, and guesses are not counted.
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
    """Return the principal for whom the token acts; None for an unknown or revoked token.

    A reset and the end of the company revoke the token; while the principal is blocked it is void.
    """
    principals = User.objects.filter(is_principal=True, operator__token_digest=digest(token))
    # The former ones are eliminated, which is a block.
    found = principals.select_related("operator")
    return next((principal for principal in found if principal.is_active), None)
