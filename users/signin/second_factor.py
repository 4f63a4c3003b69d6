"""The second factor: a secret shared with an app, the codes of the app, and the recovery codes.

``users.actions.signing_in`` decides when a code is accepted. docs/decisions/0011 has the reasons
for the libraries, 0040 the reasons for how secrets and codes are stored.
"""

import hmac
import re
import secrets
from base64 import b32encode

import pyotp
import segno
from django.conf import settings
from django.core import signing
from django.utils import timezone

from users.models import User
from users.seal import Seal

ISSUER = "Comunidad del Operador (simulador)"
RECOVERY_CODES = 10

OFFER_SALT = "users.signin.second_factor.offer"
SEAL_PURPOSE = "users.signin.second_factor.key"

# The shapes of a code after ``normalise_code``.
APP_CODE = re.compile(r"[0-9]{6}", re.ASCII)
RECOVERY_CODE = re.compile(r"[A-Z2-7]{16}", re.ASCII)


def normalise_code(typed: str) -> str:
    """The code without blanks and hyphens, which users add to read and write it in groups."""
    return re.sub(r"[\s-]", "", typed).upper()


def grouped(text: str, separator: str = " ") -> str:
    """The text in groups of four characters."""
    return separator.join(text[start : start + 4] for start in range(0, len(text), 4))


def is_required_of(user: User) -> bool:
    """Return whether the installation demands a second factor of the account."""
    return user.is_staff and settings.STAFF_SECOND_FACTOR_REQUIRED


# A secret that is offered, before it is turned on -----------------------------------------------------


def new_secret() -> str:
    """Return a random secret to share with an app."""
    return pyotp.random_base32()


def offer_of(user_id: int, secret: str) -> str:
    """The secret, signed, for the form that turns it on: the server stores it only after that."""
    return signing.dumps([user_id, secret], salt=OFFER_SALT)


def offered_to(user_id: int, offer: str) -> str | None:
    """The secret of an offer; None if the offer is of another account, too old or not signed."""
    try:
        owner, secret = signing.loads(
            offer, salt=OFFER_SALT, max_age=settings.SECOND_FACTOR_OFFER_AGE
        )
    except signing.BadSignature:
        return None
    return secret if owner == user_id else None


def qr_code(secret: str, name: str) -> str:
    """The QR code that an app reads, as the data URI of an SVG."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)
    return segno.make_qr(uri).svg_data_uri(scale=4, light="#fff")


# The codes of the app -----------------------------------------------------------------------


def step_of(code: str, secret: str) -> int | None:
    """The number of the thirty-second step in which the code is right, or None.

    The current step, the one before and the one after are tried (RFC 6238, section 5.2).
    """
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(
            code, for_time=timezone.now(), valid_window=1
        )
    except pyotp.OTPVerificationError:
        return None


# Recovery codes, for a user without the telephone --------------------------------------------------------


def new_recovery_codes() -> list[str]:
    """New codes of 80 random bits each: too many to guess, so no slow hash is needed."""
    return [b32encode(secrets.token_bytes(10)).decode() for _ in range(RECOVERY_CODES)]


def recovery_digest(code: str, secret: str) -> str:
    """The digest to store: keyed with the account's secret, so a copy of the table is useless."""
    return hmac.digest(secret.encode(), code.encode(), "sha256").hex()


# A secret at rest -------------------------------------------------------------------------------------


def seal(secret: str) -> str:
    """The secret encrypted with SECRET_KEY."""
    return _seal().close(secret)


def unseal(sealed: str) -> str:
    """The secret; raises BrokenSealError if no key of the settings opens it."""
    return _seal().open(sealed)


def _seal() -> Seal:
    return Seal(SEAL_PURPOSE, formerly=[("users.second_factor.key", "")])
