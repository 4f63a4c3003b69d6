"""The rules of a RUC. Every RUC here is fictitious, of an unassigned series."""

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction

from operators.models import Operator
from operators.validators import normalise_ruc, validate_ruc

GOOD = [
    "20999999019",
    "20999999027",
    "20999999035",
    "20999999043",
    "20999999051",
    "20000000001",
    "20000000109",
    "10999999013",
    "15999999015",
    "17999999018",
]
ELEVEN_DIGITS = "El RUC debe tener 11 dígitos"
PREFIX = "El RUC debe empezar con 10, 15, 17 o 20"
CHECK_DIGIT = "Revise el RUC: el último dígito no corresponde"


def sentence_of(value: str) -> str:
    """The sentence with which a RUC is refused; empty for a good one."""
    try:
        validate_ruc(value)
    except ValidationError as refusal:
        return refusal.message
    return ""


def test_a_valid_ruc_is_accepted():
    assert {ruc: sentence_of(ruc) for ruc in GOOD} == dict.fromkeys(GOOD, "")


def one_digit_off() -> list[str]:
    """Return the changes of one digit that the check digit detects.

    It detects all, except that 0 and 1 stand for two remainders each: of a RUC that ends in one of
    these only the check digit itself is changed.
    """
    return sorted(
        ruc[:place] + digit + ruc[place + 1 :]
        for ruc in GOOD
        for place in range(10 if ruc[-1] in "01" else 0, 11)
        for digit in "0123456789"
        if digit != ruc[place]
    )


def test_a_ruc_with_one_digit_off_is_refused():
    wrong = one_digit_off()
    assert len(wrong) == 810
    assert [ruc for ruc in wrong if sentence_of(ruc) not in {PREFIX, CHECK_DIGIT}] == []


def test_a_ruc_of_another_prefix_is_refused():
    prefixes = ["00", "11", "12", "16", "18", "19", "21", "30", "99"]
    found = {prefix: sentence_of(prefix + GOOD[0][2:]) for prefix in prefixes}
    assert found == dict.fromkeys(prefixes, PREFIX)


def test_a_ruc_that_is_not_eleven_ascii_digits_is_refused():
    values = [
        "",
        " ",
        GOOD[0][:-1],
        GOOD[0] + "0",
        "9" * 1_000_000,
        GOOD[0][:-1] + "A",
        "2099999901-9",
        "2099999901.",
        "-0999999019",
        "+2099999901",
        "２０９９９９９９０１９",
        "٢٠٩٩٩٩٩٩٠١٩",
        "2099999901⁹",
        GOOD[0] + "\n",
        GOOD[0] + "\x00",
        "\u200b" + GOOD[0],
    ]
    assert {value: sentence_of(value) for value in values} == dict.fromkeys(values, ELEVEN_DIGITS)


def test_the_spaces_in_a_typed_ruc_are_removed():
    typed = [
        "20 999999 019",
        " 20999999019 ",
        "20999999019\n",
        "2 0 9 9 9 9 9 9 0 1 9",
        "20\u00a0999999019",
        "\t20999999019",
    ]
    assert {text: normalise_ruc(text) for text in typed} == dict.fromkeys(typed, "20999999019")


def test_an_operator_with_a_bad_ruc_is_refused_with_its_sentence():
    sentences = {
        "": "Ingrese el RUC",
        "123": ELEVEN_DIGITS,
        "20999999018": CHECK_DIGIT,
        "11999999018": PREFIX,
    }
    found = {}
    for ruc in sentences:
        with pytest.raises(ValidationError) as refusal:
            Operator(ruc=ruc, name="Empresa de Práctica").clean_fields()
        found[ruc] = refusal.value.message_dict
    assert found == {ruc: {"ruc": [sentence]} for ruc, sentence in sentences.items()}


def test_the_database_refuses_a_ruc_that_is_not_eleven_digits(db):
    for ruc in (
        "",
        "123",
        "2099999901A",
        "２０９９９９９９０１９",
        "20999999019\n",
        "209999990191",
    ):
        # PostgreSQL checks the length first, with an error of its own.
        with pytest.raises((IntegrityError, DataError)), transaction.atomic():
            Operator.objects.bulk_create([Operator(ruc=ruc, name="Empresa de Práctica")])


def test_two_operators_cannot_have_one_ruc(operator):
    twin = Operator(ruc=operator.ruc, name="Otra de Práctica")
    with pytest.raises(ValidationError) as refusal:
        twin.full_clean()
    assert refusal.value.message_dict == {"ruc": ["Ya existe un operador con ese RUC"]}
    with pytest.raises(IntegrityError), transaction.atomic():
        Operator.objects.bulk_create([twin])
