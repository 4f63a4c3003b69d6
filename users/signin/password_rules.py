"""The rules of a password, and the advice about a guessable one."""

import re
import secrets

from django.conf import settings
from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    NumericPasswordValidator,
    UserAttributeSimilarityValidator,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from users.models import User
from users.signin.guessable import is_guessable
from users.validators import normalise_password


def belongs_to_operator(user) -> bool:
    """Whether the user is an account of an operator, not of staff and not None."""
    return user is not None and user.operator_id is not None


class OperatorPasswordValidator:
    """The guide's rule for the password of an operator's account: 8 to 12 characters, one a digit.

    Nothing else is required, unless ``settings.REFUSE_GUESSABLE_CLAVES`` refuses guessable ones. A
    character is a code point, with its accent; a digit is 0 to 9. Source: docs/cartilla.md.
    """

    MIN_LENGTH = 8
    MAX_LENGTH = 12
    RULE = f"entre {MIN_LENGTH} y {MAX_LENGTH} caracteres, con al menos un número"
    # Of a generated password, here and in the browser (portal/new_password.js).
    LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
    DIGITS = "23456789"
    GUESSABLE = (
        "La clave es fácil de adivinar: use otra, sin palabras conocidas ni datos de la persona"
    )

    def validate(self, password: str, user=None) -> None:
        if not belongs_to_operator(user):
            return
        password = normalise_password(password)
        errors = []
        if not self.MIN_LENGTH <= len(password) <= self.MAX_LENGTH:
            errors.append(
                ValidationError(
                    f"La clave debe tener entre {self.MIN_LENGTH} y {self.MAX_LENGTH} caracteres",
                    code="password_length",
                )
            )
        if not re.search(r"[0-9]", password):
            errors.append(
                ValidationError(
                    "La clave debe incluir al menos un número", code="password_without_digit"
                )
            )
        if not errors and settings.REFUSE_GUESSABLE_CLAVES and is_guessable(password, user):
            errors.append(ValidationError(self.GUESSABLE, code="password_guessable"))
        if errors:
            raise ValidationError(errors)

    def get_help_text(self) -> str:
        return f"Usuarios de operadores: {self.RULE}."


UNSEEN_CHARACTERS = (
    "La clave empieza o termina con un espacio, o tiene otro carácter que no se ve: "
    "es parte de la clave y hay que escribirlo al ingresar"
)


def advice_on_password(password: str, user) -> str:
    """The sentences to show after a guessable password, or one with unseen characters, was set."""
    has_unseen = password.strip() != password or not password.isprintable()
    sentences = [
        (
            belongs_to_operator(user) and is_guessable(password, user),
            OperatorPasswordValidator.GUESSABLE,
        ),
        (has_unseen, UNSEEN_CHARACTERS),
    ]
    return " ".join(f"{sentence}." for applies, sentence in sentences if applies)


def generate_password() -> str:
    """A random password that fits the rule of operators, without easily confused characters."""
    rule = OperatorPasswordValidator
    characters = [secrets.choice(rule.DIGITS)]
    while len(characters) < rule.MAX_LENGTH:
        characters.append(secrets.choice(rule.LETTERS + rule.DIGITS))
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)


class StaffPasswordValidator:
    """Django's own rules for staff, with a minimum of 12 characters and no maximum.

    They apply to a password checked without a user, too: the stricter minimum is the safe choice.
    """

    VALIDATORS = (
        UserAttributeSimilarityValidator(),
        MinimumLengthValidator(min_length=12),
        CommonPasswordValidator(),
        NumericPasswordValidator(),
    )

    def validate(self, password: str, user=None) -> None:
        if belongs_to_operator(user):
            return
        password = normalise_password(password)
        errors = []
        for validator in self.VALIDATORS:
            try:
                validator.validate(password, user)
            except ValidationError as error:
                errors.append(error)
        if errors:
            raise ValidationError(errors)

    def get_help_text(self) -> str:
        return "Personal: al menos 12 caracteres, que no sean comunes ni solo números."


@sensitive_variables()
def check_password_rules(password: str, user: User) -> None:
    """Raise ValidationError keyed by ``password`` if the password breaks a rule for this user."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error}) from error
