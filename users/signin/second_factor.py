"""The second factor: a secret shared with an app, the codes it shows, and the codes to recover it.

Here is what they are made of; ``users.actions`` says when one counts. docs/decisions/0011 has the
reasons for the libraries, 0040 those for how each thing is stored.
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

from users.seal import Seal

ISSUER = "Comunidad del Operador (simulador)"
RECOVERY_CODES = 10

OFFER_SALT = "users.signin.second_factor.offer"
SEAL_PURPOSE = "users.signin.second_factor.key"

# What is typed, once ``normalise_code`` has read it.
APP_CODE = re.compile(r"[0-9]{6}", re.ASCII)
RECOVERY_CODE = re.compile(r"[A-Z2-7]{16}", re.ASCII)


def normalise_code(typed: str) -> str:
    """Without the blanks and hyphens that codes are read aloud and written down with."""
    return re.sub(r"[\s-]", "", typed).upper()


def grouped(text: str, separator: str = " ") -> str:
    return separator.join(text[start : start + 4] for start in range(0, len(text), 4))


# A secret that is shown, and not yet anybody's -----------------------------------------------------


def offer_of(user_id: int, secret: str) -> str:
    """The secret as it travels in the form that turns it on: kept nowhere until then."""
    return signing.dumps([user_id, secret], salt=OFFER_SALT)


def offered_to(user_id: int, offer: str) -> str | None:
    """The secret of an offer, if it was made to that account and not too long ago."""
    try:
        owner, secret = signing.loads(
            offer, salt=OFFER_SALT, max_age=settings.SECOND_FACTOR_OFFER_AGE
        )
    except signing.BadSignature:
        return None
    return secret if owner == user_id else None


def qr_code(secret: str, name: str) -> str:
    """What an app reads with the camera, as the address of an image."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)
    return segno.make_qr(uri).svg_data_uri(scale=4, light="#fff")


# The codes that an app shows -----------------------------------------------------------------------


def step_of(code: str, secret: str) -> int | None:
    """The thirty seconds for which the code is right: these, the ones before or the next ones."""
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(
            code, for_time=timezone.now(), valid_window=1
        )
    except pyotp.OTPVerificationError:
        return None


# The codes for whoever has lost his telephone --------------------------------------------------------


def new_recovery_codes() -> list[str]:
    """80 random bits each: too many to be guessed, and so not worth a slow hash."""
    return [b32encode(secrets.token_bytes(10)).decode() for _ in range(RECOVERY_CODES)]


def recovery_digest(code: str, secret: str) -> str:
    """Keyed with the secret of its account, which is sealed: a copy of the table is of no use."""
    return hmac.digest(secret.encode(), code.encode(), "sha256").hex()


# A secret at rest -------------------------------------------------------------------------------------


def seal(secret: str) -> str:
    return Seal(SEAL_PURPOSE).close(secret)


def unseal(sealed: str) -> str:
    """Raises BrokenSealError if the key that it was sealed with is gone."""
    return Seal(SEAL_PURPOSE).open(sealed)
