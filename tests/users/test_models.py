"""Constraints of the database: these rows bypass the checks of the model."""

from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from tests.conftest import acting, person
from users.actions import accounts
from users.models import User
from users.validators import DocumentType


@pytest.fixture
def colleague(make_secondary) -> User:
    return make_secondary("COLEGA01", 90000004)


def insert(**fields) -> User:
    """Insert a row without the checks of the model: bulk_create calls neither clean nor save."""
    return User.objects.bulk_create([User(**fields)])[0]


def refused(write) -> bool:
    """Whether a constraint refuses the write; then nothing is written."""
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        return True
    return False


def change(user: User, **fields) -> bool:
    return refused(lambda: User.objects.filter(pk=user.pk).update(**fields))


# Staff or of one operator ------------------------------------------------------------------------


def test_an_operators_account_is_never_staff(principal, secondary):
    for user in (principal, secondary):
        assert change(user, is_staff=True)
        assert change(user, is_superuser=True)
        assert change(user, is_staff=True, is_superuser=True)


def test_an_account_of_no_operator_is_staff_and_nothing_else(staff):
    assert change(staff, is_staff=False)
    assert change(staff, is_principal=True)


def test_staff_does_not_turn_into_an_operators_account(staff, operator):
    assert change(staff, operator=operator, username="ADMIN001")


def test_an_operators_account_does_not_lose_its_operator(secondary):
    assert change(secondary, operator=None)


# Usuario -----------------------------------------------------------------------------------------


def test_an_operators_usuario_is_upper_case_letters_and_digits(secondary):
    for username in ("jperez02", "JPEREZ 2", "", "ÑPEREZ02", "JPEREZ-2", "JPEREZ02\n"):
        assert change(secondary, username=username), username


def test_a_staff_usuario_may_have_other_characters(staff):
    assert not change(staff, username="ana.torres@soporte")


def test_a_staff_usuario_exists_once_whatever_its_case(staff):
    for username in ("admin", "ADMIN", "Admin"):
        assert refused(partial(insert, username=username, is_staff=True)), username
        with pytest.raises(ValidationError, match="Ya existe personal con ese usuario"):
            User.objects.create_superuser(username, password="una-clave-larga-de-personal")


def test_the_usuario_of_an_eliminated_staff_account_is_free(staff):
    assert not change(staff, state=User.State.ELIMINATED)
    assert not refused(lambda: insert(username="admin", is_staff=True))


def test_a_usuario_exists_once_in_its_operator_whatever_its_case(secondary, colleague):
    for username in ("JPEREZ01", "jperez01", "JPerez01"):
        assert change(colleague, username=username), username


def test_a_usuario_may_be_used_again_after_its_owner_is_eliminated(secondary, colleague, principal):
    accounts.eliminate_user(actor=acting(principal), user=secondary)
    assert not change(colleague, username="JPEREZ01")
    assert change(secondary, state=User.State.ACTIVE)


def test_two_eliminated_accounts_may_have_the_same_usuario(secondary, colleague):
    change(secondary, state=User.State.ELIMINATED)
    assert not change(colleague, username="JPEREZ01", state=User.State.ELIMINATED)


def test_a_suspended_account_keeps_its_usuario(secondary, colleague):
    change(secondary, state=User.State.SUSPENDED)
    for state in (User.State.ACTIVE, User.State.SUSPENDED):
        assert change(colleague, username="JPEREZ01", state=state)


def test_two_operators_may_have_the_same_usuario_and_document(secondary, strangers_secondary):
    same = {"username": "JPEREZ01", "document_number": secondary.document_number}
    assert not change(strangers_secondary, **same)


# Identity document -------------------------------------------------------------------------------


def test_a_document_exists_once_in_its_operator(secondary, colleague):
    assert change(colleague, document_number=secondary.document_number)


def test_the_same_number_of_another_document_is_another_document(secondary, colleague):
    assert not change(colleague, document_type="4", document_number=secondary.document_number)


def test_a_document_may_be_used_again_after_its_owner_is_eliminated(secondary, colleague):
    change(secondary, state=User.State.ELIMINATED)
    assert not change(colleague, document_number=secondary.document_number)
    assert change(secondary, state=User.State.ACTIVE)


def test_a_dni_has_eight_digits(secondary):
    for number in ("", "9000000", "900000022", "9000000A", "٩٠٠٠٠٠٠٢", "90000002\n"):
        assert change(secondary, document_number=number), number


def test_the_database_holds_every_type_of_document_to_its_rule(secondary):
    for kind in set(DocumentType) - {DocumentType.DNI}:
        for number in ("AB1", "1", "A" * 15):
            assert not change(secondary, document_type=kind, document_number=number), kind
        for number in ("", "ab1", "AB-1", "AB 1", "Ñ1", "AB1\n"):
            assert change(secondary, document_type=kind, document_number=number), (kind, number)


def test_the_database_refuses_a_type_of_document_without_a_rule(secondary):
    for kind in ("0", "6", "01", "Z"):
        assert change(secondary, document_type=kind, document_number="90000099"), kind


def test_a_document_is_labelled_by_its_type():
    labels = {kind: User(document_type=kind).document_label for kind in ("", "1", "4", "22")}
    assert labels == {
        "": "",
        "1": "DNI",
        "4": "Carné de extranjería",
        "22": "Carné de identidad de relaciones exteriores",
    }


# Principal and state -----------------------------------------------------------------------------


def test_an_operator_has_one_principal(secondary):
    assert change(secondary, is_principal=True)


def test_an_operator_may_get_another_principal_once_the_first_is_eliminated(principal, secondary):
    change(principal, state=User.State.ELIMINATED)
    assert not change(secondary, is_principal=True)


def test_an_operator_with_accounts_cannot_be_deleted(operator):
    assert refused(operator.delete)


def test_an_account_with_history_entries_cannot_be_deleted(principal, secondary):
    assert refused(User.objects.filter(pk=secondary.pk).delete)
    assert refused(User.objects.filter(pk=principal.pk).delete)


# Searching accounts ----------------------------------------------------------------------------


def test_a_search_needs_neither_accents_nor_case_nor_order(secondary):
    for text in ("perez", "PÉREZ", "naupari juan", "jperez", "90000002", "  ", "", "Ñaupari"):
        assert secondary in User.objects.matching(text), text


def test_a_search_finds_what_has_all_its_words_and_no_wildcards(secondary):
    for text in ("perez maria", "%", "_", "JPEREZ02", "'", "\\"):
        assert secondary not in User.objects.matching(text), text


def test_a_change_of_the_name_is_found_even_if_only_some_fields_are_saved(secondary):
    secondary.last_name = "Zúñiga"
    secondary.save(update_fields=["last_name"])
    assert secondary in User.objects.matching("zuniga")
    assert secondary not in User.objects.matching("naupari")


def test_the_natural_key_finds_only_staff(staff, secondary):
    assert User.objects.get_by_natural_key("admin") == staff
    with pytest.raises(User.DoesNotExist):
        User.objects.get_by_natural_key("JPEREZ01")


# Checks of the model -----------------------------------------------------


def test_a_taken_usuario_and_a_taken_document_are_refused(principal, secondary):
    with pytest.raises(ValidationError) as refusal:
        accounts.create_secondary_user(
            actor=acting(principal),
            username="jperez01",
            password="Practica2026",
            **person(secondary.document_number),
        )
    assert refusal.value.message_dict == {
        "username": ["Ese usuario ya existe en su empresa. Elija otro"],
        "document_number": ["Este documento ya lo usa JPEREZ01 en su empresa"],
    }


def test_each_error_appears_once_under_its_field(operator, principal):
    user = User(
        operator=operator,
        username="corto",
        document_type="1",
        document_number="1" * 16,
        first_name="R2D2",
        email="no es un correo",
    )
    with pytest.raises(ValidationError) as refusal:
        user.full_clean(exclude=["password"], validate_constraints=False)
    assert refusal.value.message_dict == {
        "username": ["El usuario debe tener 8 caracteres, solo letras y números"],
        "document_number": ["El DNI debe tener 8 dígitos"],
        "first_name": ["Los nombres solo pueden tener letras, espacios, guion, punto y apóstrofo"],
        "last_name": ["Ingrese los apellidos"],
        "email": ["Ingrese un correo con el formato nombre@empresa.pe"],
    }


def test_the_constraints_hold_on_this_database(db):
    """Django silently leaves out an index or constraint that the database does not support."""
    features = connection.features
    assert features.supports_partial_indexes
    assert features.supports_expression_indexes
    assert features.supports_table_check_constraints
