"""Every field of every form, of the screens and of the administration, given every value.

What must be taken is said here by rules of our own, one for each kind of field: a field that is not
of a kind named here fails.
"""

import inspect
import re
import string
import unicodedata
from copy import copy
from datetime import datetime
from functools import partial

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import Group
from django.db import connection, models
from django.http import QueryDict

import profiles.forms
import users.forms
from operators.models import Classroom, Operator, OperatorType
from profiles.actions.validity import validity_facts
from profiles.admin import catalog_file, classrooms
from profiles.forms.assignment import (
    OptionsForm,
    RolesForm,
)
from profiles.forms.exercises import ExerciseForm
from profiles.forms.filters import (
    HistoryFilterForm,
    MenuSearchForm,
    OptionSearchForm,
    PastDayForm,
    UserFilterForm,
)
from profiles.forms.grants import CopyDifferenceForm, CopyForm, ValidityForm
from profiles.forms.load import ContinueForm, HandOverForm, PlanForm
from profiles.forms.templates import DeleteTemplateForm, TemplateForm
from profiles.forms.undo import UndoForm
from profiles.forms.user_list import MarkedUserForm, MarkedUsersForm, UserListForm
from profiles.models import AccessTemplate, Option, Profile, Role
from tests.administration import ADMIN_PASSWORD, STAFF_PASSWORD, admin_forms, new_operator
from tests.conftest import PASSWORD, RUC, person, soup
from tests.routes import FORMS, FORMS_OF_EVERYBODY, FORMS_OF_ROBOTS, form_of, url
from tests.values import DANGEROUS, DANGEROUS_JSON, HOSTILE, LEGITIMATE
from tests.walking import modules_of, undone
from users.admin import account_forms, pages, principal
from users.admin import operators as companies
from users.forms.clock import ClockForm, DelayForm
from users.forms.lock import UnlockForm
from users.forms.password import OwnPasswordForm, ResetPasswordForm, StaffOwnPasswordForm
from users.forms.person import EditUserForm, SecondaryUserForm
from users.forms.practice import (
    FaultForm,
    PracticeCompanyForm,
    ResetPracticeForm,
    TokenForm,
)
from users.forms.second_factor import (
    CodeForm,
    NewRecoveryCodesForm,
    RemoveSecondFactorForm,
    TurnOffSecondFactorForm,
    TurnOnSecondFactorForm,
)
from users.forms.sessions import CloseSessionsForm
from users.forms.sign_in import ResumeForm, SignInForm, StaffSignInForm, TryAsForm
from users.forms.state import (
    ConfirmStatesForm,
    EliminateForm,
    MarkUsersForm,
    StateForm,
)
from users.models import UniquenessChecker, User
from users.signin.unsent import UnsentForm

# What each kind of field must take ----------------------------------------------------------------


def invisible(text: str) -> bool:
    return any(unicodedata.category(c)[0] == "C" or c in "\u2028\u2029" for c in text)


def line(longest: int, *, required: bool = True):
    """Anything that is text, and there is some."""

    def taken(value: str) -> bool:
        text = value.strip()
        return (bool(text) or not required) and len(text) <= longest and "\x00" not in text

    return taken


def visible_line(longest: int):
    def taken(value: str) -> bool:
        spaces = {c for c in value.strip() if unicodedata.category(c) == "Zs"} - {" "}
        return line(longest)(value) and not invisible(value.strip()) and not spaces

    return taken


def words(longest: int):
    """As a visible line; but runs of blanks count as one space."""
    return lambda value: visible_line(longest)(" ".join(value.split()))


def name(value: str) -> bool:
    text = unicodedata.normalize("NFC", " ".join(value.split()))
    letters = [c for c in text if c not in " '.-’‘´`ʼ"]
    return 0 < len(text) <= 150 and bool(letters) and all(map(is_latin, letters))


LATIN = (
    "LATIN SMALL LETTER",
    "LATIN CAPITAL LETTER",
    "LATIN SMALL LIGATURE OE",
    "LATIN CAPITAL LIGATURE OE",
)


def is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(LATIN)


PLAIN = set(string.ascii_letters + string.digits)


def username(value: str) -> bool:
    return len(value.strip()) == 8 and set(value.strip()) <= PLAIN


def dni(value: str) -> bool:
    digits = "".join(value.split())
    return len(digits) == 8 and set(digits) <= set(string.digits)


def correo(value: str) -> bool:
    local, _, domain = value.strip().rpartition("@")
    labels = domain.split(".")
    return not value.strip() or (
        len(value.strip()) <= 254
        and bool(local)
        and set(local) <= PLAIN | set("!#$%&'*+-/=?^_`{|}~.")
        and all(local.split("."))
        and len(labels) > 1
        and all(labels)
        and set("".join(labels)) <= PLAIN | {"-"}
        and not any(part[0] == "-" or part[-1] == "-" for part in labels)
    )


def clave(value: str) -> bool:
    return 8 <= len(value) <= 12 and bool(set(value) & set(string.digits)) and "\x00" not in value


def other_clave(value: str) -> bool:
    return clave(value) and value != PASSWORD


def staff_password(value: str) -> bool:
    """Long enough, no sequence of digits, no NUL; none of the values is a common one."""
    return len(value) >= 12 and not value.isdigit() and "\x00" not in value


def staff_username(value: str) -> bool:
    # The form writes full-width and other compatible letters as the plain ones that they stand for.
    text = unicodedata.normalize("NFKC", value.strip())
    return 0 < len(text) <= 150 and set(text) <= PLAIN | set("@.+-_")


def ruc(value: str) -> bool:
    digits = "".join(value.split())
    if len(digits) != 11 or not set(digits) <= set(string.digits):
        return False
    total = sum(int(d) * w for d, w in zip(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), strict=False))
    return digits[:2] in ("10", "15", "17", "20") and (11 - total % 11) % 10 == int(digits[10])


def signing_in_as(value: str) -> bool:
    text = value.strip()
    plain = "".join(filter(str.isalnum, text))
    ends = (plain[:11], plain[-11:]) if len(plain) > 10 else ()
    has_ruc = any(
        end[:2] in ("10", "15", "17", "20") and set(end) <= set(string.digits) for end in ends
    )
    return bool(text) and "\x00" not in text and not has_ruc


def some_word(value: str) -> bool:
    return bool(value.strip()) and "\x00" not in value


APP_CODE = "123456"


def without_blanks(value: str) -> str:
    return "".join(value.replace("-", "").split()).upper()


def app_code(value: str) -> bool:
    code = without_blanks(value)
    return len(code) == 6 and set(code) <= set(string.digits)


def recovery_code(value: str) -> bool:
    code = without_blanks(value)
    return not code or (len(code) == 16 and set(code) <= set(string.ascii_uppercase + "234567"))


def day(value: str) -> bool:
    text = value.strip()
    return not value or any(parse(text, shape) for shape in DAY_SHAPES)


DAY_SHAPES = ("%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y")


def parse(text: str, shape: str) -> datetime | None:
    try:
        return datetime.strptime(text, shape)
    except ValueError:
        return None


def integer(lowest: int, highest: int, *, required: bool = True):
    def taken(value: str) -> bool:
        text = value.strip()
        if not value:
            return not required
        # Other scripts' digits make the same number.
        return len(text) <= 30 and is_integer(text) and lowest <= int(text) <= highest

    return taken


def is_integer(text: str) -> bool:
    try:
        return int(text) is not None
    except ValueError:
        return False


def position(value: str) -> bool:
    """What the column holds, which differs between databases."""
    return integer(*connection.ops.integer_field_range("PositiveIntegerField"))(value)


def one_of(*values: str, required: bool = True):
    return lambda value: value in values if value else not required


def anything(value: str) -> bool:
    return True


def any_text(value: str) -> bool:
    return "\x00" not in value


def some_text(value: str) -> bool:
    return bool(value) and any_text(value)


def code(pattern: str, longest: int):
    return lambda value: (
        bool(re.fullmatch(pattern, value.strip())) and len(value.strip()) <= longest
    )


PERSON = {
    "document_type": one_of(*"147ABEFGH", "22", required=True),
    "document_number": dni,
    "first_name": name,
    "last_name": name,
    "email": correo,
}
ACCOUNT = {**PERSON, "username": username, "password1": clave, "password2": clave}


def past_day(value: str) -> bool:
    """None of the values is of today."""
    parsed = [parse(value.strip(), shape) for shape in DAY_SHAPES]
    return not value or any(moment and moment < datetime.now() for moment in parsed)


DAYS = {"desde": day, "hasta": day}
ROW = {"name": line(200), "source": line(200), "position": position}
# Of a row: none of the values names one. What is beyond any key is answered by the frame (below).
PK = one_of(required=False)
BEYOND_ANY_KEY = {"9" * 30, "9" * 5000, "9223372036854775808"}

# A code that is not offered is an error of the form, not of its field.
OPTION_MARKS = dict.fromkeys(("option", "mark", "unmark", "remove", "seen"), anything)
OPTIONS = OPTION_MARKS | dict.fromkeys(("profile", "query", "open", "do"), anything)
ROLES = dict.fromkeys(("role", "seen", "do"), anything)


# Each form, with what each of its fields must take.
def without_nul(value: str) -> bool:
    return "\x00" not in value


COMPANIES = {"number": integer(1, 60), "trainees": without_nul, "key": anything}

KINDS = {
    "SignInForm": {"ruc": ruc, "username": signing_in_as, "password": some_text},
    "SecondaryUserForm": {**ACCOUNT, "creation_key": anything, "template": anything},
    "EditUserForm": {**PERSON, "valid_from": day, "valid_until": day, "seen": anything},
    "OwnPasswordForm": {
        "current_password": some_text,
        "password1": clave,
        "password2": clave,
    },
    "TurnOffSecondFactorForm": {"password": some_text},
    "NewRecoveryCodesForm": {"password": some_text},
    "RemoveSecondFactorForm": {},
    "ResumeForm": {},
    "TryAsForm": {"usuario": line(10**7)},
    "UnlockForm": {},
    "CloseSessionsForm": {"session": line(10**7, required=False)},
    "TurnOnSecondFactorForm": {
        "code": app_code,
        "password": some_text,
        "offer": line(10**7),
    },
    "CodeForm": {
        "code": app_code,
        "recovery_code": recovery_code,
    },
    "ResetPasswordForm": {
        "way": one_of("generate", "type"),
        "password1": clave,
        "password2": clave,
    },
    "ClockForm": {
        "amount": integer(1, 9999),
        "unit": one_of("hours", "days"),
        "seen": integer(-(10**30), 10**30, required=False),
    },
    "DelayForm": {"delay": one_of("0", "1", "24", "48")},
    "PracticeCompanyForm": {
        "types": one_of("AGENTE_ADUANA"),
        "days": integer(1, 30),
        "creation_key": anything,
    },
    "ResetPracticeForm": {},
    "ResetForm": {},
    "CloseForm": {},
    "ReopenForm": {"days": integer(1, 30)},
    "NamesForm": {"trainees": without_nul, "seen": without_nul},
    "CompaniesForm": COMPANIES,
    "ClassroomForm": {
        **COMPANIES,
        "name": visible_line(80),
        "operator_types": one_of("AGENTE_ADUANA"),
        "days": integer(1, 30),
        "is_exam": anything,
    },
    "Classroom": {"name": visible_line(80)},
    "ExerciseForm": {},
    "TokenForm": {},
    "FaultForm": {"kind": one_of("down", "slow", "no_token"), "seconds": integer(1, 600)},
    "StateForm": {"change": one_of("suspend", "reactivate", "eliminate")},
    "EliminateForm": {"change": one_of("suspend", "reactivate", "eliminate")},
    "UndoForm": {"seen": integer(-(10**30), 10**30)},
    "ValidityForm": {
        **dict.fromkeys(["desde:11.9.1.1.2", "hasta:11.9.1.1.2", "desde_todo", "hasta_todo"], day),
        "seen": anything,
    },
    "CopyForm": {"desde": one_of("COLEGA01"), "plantilla": PK, "modo": one_of("agregar")},
    "TemplateForm": {"name": any_text, "role": anything, **OPTION_MARKS},
    "OptionsForm": OPTIONS,
    "RolesForm": ROLES,
    "CopyDifferenceForm": {
        "desde": one_of("COLEGA01"),
        "plantilla": PK,
        "modo": one_of("agregar"),
        "wanted": anything,
        "seen": anything,
    },
    "DeleteTemplateForm": {},
    "PlanForm": {"do": one_of("apply")},
    "HandOverForm": {"do": one_of("apply")},
    "ContinueForm": {"by_button": anything},
    "MarkedUserForm": {"accion": one_of("roles"), "usuario": some_word},
    "MenuSearchForm": {"texto": anything},
    "OptionSearchForm": {"texto": anything},
    "PastDayForm": {"fecha": past_day},
    "MarkUsersForm": {
        "cambio": one_of("suspend", "reactivate", "eliminate"),
        "usuario": anything,
    },
    "ConfirmStatesForm": {
        "cambio": one_of("suspend", "reactivate", "eliminate"),
        "subject": anything,
    },
    "PrincipalForm": {"user": one_of(), "seen": any_text},
    "HistoryFilterForm": {
        **DAYS,
        "texto": any_text,
        "accion": one_of(required=False),
        "canal": one_of("web", required=False),
    },
    "UserFilterForm": {
        "texto": any_text,
        **dict.fromkeys(("estado", "opcion", "rol", "hallazgo"), one_of(required=False)),
    },
    "UserListForm": {
        **dict.fromkeys(("texto", "varios"), any_text),
        **dict.fromkeys(("estado", "opcion", "rol", "hallazgo", "orden"), one_of(required=False)),
    },
    "MarkedUsersForm": {
        "cambio": one_of("suspend", "reactivate", "eliminate"),
        "usuario": anything,
    },
    "NewOperatorForm": {
        **ACCOUNT,
        "ruc": ruc,
        "name": visible_line(200),
        "operator_types": one_of("AGENTE_ADUANA"),
    },
    "StaffCreationForm": {
        "username": staff_username,
        **dict.fromkeys(
            ("first_name", "last_name"), lambda value: not value.strip() or name(value)
        ),
        "email": correo,
        "password1": staff_password,
        "password2": staff_password,
        "is_superuser": anything,
    },
    "StaffChangeForm": {
        "username": staff_username,
        **dict.fromkeys(
            ("first_name", "last_name"), lambda value: not value.strip() or name(value)
        ),
        "email": correo,
        "state": one_of("active", "suspended", "eliminated"),
        "is_superuser": anything,
        "groups": PK,
        "user_permissions": PK,
    },
    "admin ResetPasswordForm": {"new_password1": clave, "new_password2": clave},
    "SetPasswordForm": {"new_password1": staff_password, "new_password2": staff_password},
    "StaffOwnPasswordForm": {
        "old_password": some_text,
        "new_password1": staff_password,
        "new_password2": staff_password,
    },
    "StaffSignInForm": {"username": line(10**6), "password": some_text},
    "Operator": {
        "name": visible_line(200),
        "operator_types": one_of("AGENTE_ADUANA"),
        "is_active": anything,
    },
    "OperatorType": {
        "name": line(120),
        "source": line(200),
        "position": position,
    },
    "Profile": {**ROW, "code": line(30), "is_retired": anything},
    "Role": {
        **ROW,
        "code": code(r"[A-Z]+\.[A-Z]+\.[A-Z]+", 60),
        "operator_type": one_of("AGENTE_ADUANA"),
        "permits": line(300),
        "is_retired": anything,
    },
    "Option": {
        **ROW,
        "code": code(r"[0-9]+(\.[0-9]+)*", 40),
        "profile": one_of("ADUANEROS"),
        "is_folder": anything,
        "parent": one_of(required=False),
        "purpose": line(300),
        "operator_types": one_of("AGENTE_ADUANA"),
        "roles": one_of(required=False),
        "is_retired": anything,
    },
    "Group": {"name": line(150), "permissions": PK},
}
# Their subclasses are what a page shows; and a file is no text (tests of the catalogue and of loading).
ABSTRACT = {"PersonForm", "NewAccountForm", "TwiceTypedForm", "OptionForm", "SeenForm"}
ABSTRACT |= {
    "NewPasswordForm",
    "OwnPasswordProofForm",
    "SeveralStatesForm",
    "SearchForm",
    "OfferedForm",
    "OptionMarks",
    "RoleMarks",
}
# Drawn only: what these forms send is read by OptionsForm and RolesForm.
ABSTRACT |= {"AulaForm", "SummaryForm", "NoOptionsForm", "RolesDifferenceForm"}
OF_FILES = {"CatalogFileForm", "LoadForm"}


@pytest.fixture
def made(unlimited_guesses, visitors, rf, monkeypatch):
    """made[form] makes the form with some data, and data that it takes."""
    secondary, operator, staff = (
        visitors["secondary"],
        visitors["principal"].operator,
        visitors["staff"],
    )
    request = rf.get("/admin/")
    request.user = staff
    # What other rows hold is no matter of a single field, and costs queries.
    monkeypatch.setattr(UniquenessChecker, "_of", lambda checker, account: User.objects.none())
    monkeypatch.setattr(models.Model, "validate_constraints", lambda *args, **kwargs: None)
    AccessTemplate.objects.all().delete()

    def of_model(model, row=None):
        """The form of the administration that adds a row, or changes this one."""
        page = admin.site.get_model_admin(model)
        form = page.get_form(request, row, change=bool(row))
        return lambda data: form(data, instance=copy(row))

    clerk = User.objects.create_user("clerk", is_staff=True)
    role, kind = Role.objects.first(), OperatorType.objects.first()
    staff_fields = {"username": "nueva.persona", "first_name": "", "last_name": "", "email": ""}
    claves = {"password1": PASSWORD, "password2": PASSWORD}
    long = {"password1": STAFF_PASSWORD, "password2": STAFF_PASSWORD}
    row = {"name": "Nombre", "source": "supuesto", "position": "1"}
    account = {**person(90000123), "email": "", "username": "NUEVO001", **claves}
    facts = validity_facts(secondary)
    return {
        "SignInForm": (
            lambda data: SignInForm(None, data),
            {"ruc": RUC, "username": "JPEREZ01", "password": PASSWORD},
        ),
        "SecondaryUserForm": (
            lambda data: SecondaryUserForm(data, operator=operator),
            account,
        ),
        "EditUserForm": (
            lambda data: EditUserForm(data, account=secondary),
            {**account, "valid_from": "", "valid_until": "", "seen": ""},
        ),
        "OwnPasswordForm": (
            lambda data: OwnPasswordForm(data, account=secondary),
            {"current_password": PASSWORD, **claves},
        ),
        "TurnOffSecondFactorForm": (TurnOffSecondFactorForm, {"password": PASSWORD}),
        "NewRecoveryCodesForm": (NewRecoveryCodesForm, {"password": PASSWORD}),
        "RemoveSecondFactorForm": (RemoveSecondFactorForm, {}),
        "ResumeForm": (lambda data: ResumeForm(unsent=UnsentForm("/", "1", [])), {}),
        "UnlockForm": (UnlockForm, {}),
        "TryAsForm": (TryAsForm, {"usuario": "JPEREZ01"}),
        "CloseSessionsForm": (CloseSessionsForm, {}),
        "TurnOnSecondFactorForm": (
            lambda data: TurnOnSecondFactorForm(data, account=secondary),
            {"code": APP_CODE, "password": PASSWORD, "offer": "signed"},
        ),
        "CodeForm": (
            CodeForm,
            {"code": APP_CODE},
        ),
        "ResetPasswordForm": (
            lambda data: ResetPasswordForm(data, account=secondary),
            {"way": "type", **claves},
        ),
        "ClockForm": (
            lambda data: ClockForm(data, operator=operator),
            {"amount": "1", "unit": "hours", "seen": "0"},
        ),
        "DelayForm": (lambda data: DelayForm(data, operator=operator), {"delay": "24"}),
        "PracticeCompanyForm": (PracticeCompanyForm, {"types": ["AGENTE_ADUANA"], "days": "7"}),
        "ResetPracticeForm": (ResetPracticeForm, {}),
        "ResetForm": (classrooms.ResetForm, {}),
        "CloseForm": (classrooms.CloseForm, {}),
        "ReopenForm": (classrooms.ReopenForm, {"days": "7"}),
        "NamesForm": (classrooms.NamesForm, {}),
        "CompaniesForm": (classrooms.CompaniesForm, {"number": "25"}),
        "ClassroomForm": (
            classrooms.ClassroomForm,
            {"name": "Tarde", "operator_types": ["AGENTE_ADUANA"], "number": "25", "days": "7"},
        ),
        "Classroom": (of_model(Classroom), {"name": "Turno tarde"}),
        "ExerciseForm": (lambda data: ExerciseForm("una", "start", "Empezar"), {}),
        "TokenForm": (TokenForm, {}),
        "FaultForm": (FaultForm, {"kind": "down", "seconds": "60"}),
        **{
            form.__name__: (partial(form, account=secondary), {"change": "suspend"})
            for form in (StateForm, EliminateForm)
        },
        "UndoForm": (UndoForm, {"seen": "1"}),
        "ValidityForm": (
            lambda data: ValidityForm(data, facts=facts),
            {"seen": "", "fill": "1"},
        ),
        "CopyForm": (
            lambda data: CopyForm(data, account=secondary),
            {"desde": "COLEGA01", "modo": "agregar"},
        ),
        "TemplateForm": (
            lambda data: TemplateForm(data, operator=operator),
            {"name": "Una", "seen": ""},
        ),
        **{
            form.__name__: (partial(form, operator=operator), {})
            for form in (OptionsForm, RolesForm)
        },
        "CopyDifferenceForm": (
            lambda data: CopyDifferenceForm(data, account=secondary),
            {"desde": "COLEGA01", "modo": "agregar"},
        ),
        "DeleteTemplateForm": (DeleteTemplateForm, {}),
        "PlanForm": (PlanForm, {"do": "apply"}),
        "HandOverForm": (HandOverForm, {"do": "apply"}),
        "ContinueForm": (ContinueForm, {"by_button": "true"}),
        "MarkedUserForm": (MarkedUserForm, {"accion": "roles", "usuario": "JPEREZ01"}),
        "MenuSearchForm": (MenuSearchForm, {}),
        "OptionSearchForm": (OptionSearchForm, {}),
        "PastDayForm": (PastDayForm, {}),
        "MarkUsersForm": (MarkUsersForm, {"cambio": "suspend"}),
        "ConfirmStatesForm": (ConfirmStatesForm, {"cambio": "suspend"}),
        "PrincipalForm": (
            lambda data: principal.PrincipalForm(
                data, operator=operator, principal=visitors["principal"]
            ),
            {"user": str(secondary.pk), "seen": ""},
        ),
        "HistoryFilterForm": (
            lambda data: HistoryFilterForm(data, operator=operator),
            {},
        ),
        "UserListForm": (
            lambda data: UserListForm(data, operator=operator, columns={"usuario": "Usuario"}),
            {},
        ),
        "MarkedUsersForm": (MarkedUsersForm, {"cambio": "suspend"}),
        "UserFilterForm": (
            lambda data: UserFilterForm(data, operator=operator),
            {},
        ),
        "NewOperatorForm": (companies.NewOperatorForm, new_operator(ruc="20999999035")),
        "StaffCreationForm": (of_model(User), {**staff_fields, **long}),
        "StaffChangeForm": (
            of_model(User, clerk),
            {**staff_fields, "state": "active"},
        ),
        "admin ResetPasswordForm": (
            lambda data: account_forms.ResetPasswordForm(secondary, data),
            {"new_password1": PASSWORD, "new_password2": PASSWORD},
        ),
        "SetPasswordForm": (
            lambda data: SetPasswordForm(staff, data),
            {"new_password1": STAFF_PASSWORD, "new_password2": STAFF_PASSWORD},
        ),
        "StaffOwnPasswordForm": (
            lambda data: StaffOwnPasswordForm(staff, data),
            {
                "old_password": ADMIN_PASSWORD,
                "new_password1": STAFF_PASSWORD,
                "new_password2": STAFF_PASSWORD,
            },
        ),
        "StaffSignInForm": (
            lambda data: StaffSignInForm(None, data),
            {"username": "admin", "password": STAFF_PASSWORD},
        ),
        "Operator": (
            of_model(Operator, operator),
            {"name": "Empresa", "operator_types": "AGENTE_ADUANA", "is_active": "on"},
        ),
        "OperatorType": (
            of_model(OperatorType, kind),
            row,
        ),
        "Profile": (of_model(Profile), {**row, "code": "OTROS"}),
        "Role": (
            of_model(Role),
            {**row, "code": "A.B.C", "operator_type": role.operator_type_id, "permits": "Permite."},
        ),
        "Option": (
            of_model(Option),
            {
                **row,
                "code": "99.1",
                "profile": "ADUANEROS",
                "purpose": "Aquí.",
                "operator_types": "AGENTE_ADUANA",
            },
        ),
        "Group": (of_model(Group), {"name": "Grupo"}),
    }


def forms_of(module) -> set[str]:
    return {
        ("admin " if module is account_forms and name == "ResetPasswordForm" else "") + name
        for name, form in inspect.getmembers(module, inspect.isclass)
        if issubclass(form, forms.BaseForm) and form.__module__ == module.__name__
    }


def test_every_form_is_tried():
    """A form or a model of the administration that is new fails here until its fields are named."""
    others = [
        *modules_of(profiles.forms),
        account_forms,
        companies,
        principal,
        catalog_file,
        classrooms,
    ]
    modules = [*modules_of(users.forms), *others]
    written = set().union(*map(forms_of, modules)) - ABSTRACT - OF_FILES
    edited = {
        model.__name__
        for model, model_admin in admin.site._registry.items()
        if model is not User and not isinstance(model_admin, pages.ReadOnly)
    }
    assert {*KINDS} == written | edited | {SetPasswordForm.__name__}


def test_every_field_takes_what_is_right_and_refuses_what_is_not(made, subtests):
    """Fields are tried together, for each is judged on its own."""
    assert len(LEGITIMATE) > 100 < len(HOSTILE)
    for form_name, kinds in KINDS.items():
        make, good = made[form_name]
        fields, wrong = make(good).fields, []
        chosen = {name for name, field in fields.items() if isinstance(field, CHOSEN)}
        for together in (*typed_together(fields), chosen):
            for value in {*HOSTILE} if together == chosen else {*HOSTILE, *LEGITIMATE}:
                tried = {name for name in together if not is_beyond(fields[name], value)}
                errors = make(filled(good, fields, dict.fromkeys(tried, value))).errors.keys()
                wrong += [
                    (name, value[:40], [*errors])
                    for name in tried
                    if bool(errors & pair_of(name)) == kinds[name](value)
                ]
        with subtests.test(form=form_name):
            assert kinds.keys() == fields.keys()
            assert not wrong, "\n".join(map(ascii, wrong[:40]))


def test_right_values_of_several_fields_are_no_error_of_any(made):
    """Each field takes its right values in turn, until each was in some form."""
    wrong = []
    for form_name, kinds in KINDS.items():
        make, good = made[form_name]
        fields = make(good).fields
        for together in typed_together(fields):
            right = {name: [*filter(kinds[name], LEGITIMATE)] for name in together}
            right = {name: values for name, values in right.items() if values}
            for turn in range(max(map(len, right.values()), default=0)):
                values = {name: some[turn % len(some)] for name, some in right.items()}
                form = make(filled(good, fields, values))
                if errors := form.errors.keys() - {"__all__"}:
                    wrong.append((form_name, values, [*errors]))
    assert not wrong, "\n".join(map(ascii, wrong[:40]))


def typed_together(fields: dict) -> list[set[str]]:
    """Return the fields that are typed; passwords apart, for these must not resemble the others."""
    typed = {name for name, field in fields.items() if not isinstance(field, CHOSEN)}
    passwords = {name for name in typed if pair_of(name) != {name}}
    return [typed - passwords, passwords]


def pair_of(name: str) -> set[str]:
    """Return the field; of a password, which is typed twice, both."""
    return {name[:-1] + "1", name[:-1] + "2"} if name[-1] in "12" else {name}


# What is chosen from a list is not typed.
CHOSEN = (forms.ChoiceField, forms.BooleanField)


def is_beyond(field, value: str) -> bool:
    """Return whether the value is a key that the frame refuses before the form reads it."""
    return isinstance(field, forms.ModelMultipleChoiceField) and value in BEYOND_ANY_KEY


def filled(good: dict, fields: dict, values: dict[str, str]) -> QueryDict:
    """Return good data with these values instead."""
    data = QueryDict(mutable=True)
    for name, each in {**good, **values}.items():
        is_plural = isinstance(fields.get(name), forms.ModelMultipleChoiceField)
        # An empty list of several is no value at all.
        data.setlist(
            name, [] if is_plural and each == "" else each if isinstance(each, list) else [each]
        )
    return data


# Through the pages themselves ---------------------------------------------------------------------


def portal_forms() -> dict[str, dict]:
    names = (*FORMS, *FORMS_OF_EVERYBODY, *FORMS_OF_ROBOTS)
    return {url(name): form_of(name) for name in names}


def controls(client, address: str) -> set[str]:
    """The names of everything that a page sends."""
    page = soup(client.get(address))
    return {
        control["name"]
        for form in page.select("form[method=post]:not([action*=salir]):not(#logout-form)")
        for control in form.select("[name]")
    } - {"csrfmiddlewaretoken"}


@pytest.mark.parametrize("place", ["portal", "administration"])
def test_no_value_in_any_field_of_any_page_is_an_error_of_ours(
    place, visitors, client_of, settings
):
    client = client_of(visitors["principal" if place == "portal" else "staff"])
    client.raise_request_exception = False
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    pages = portal_forms() if place == "portal" else admin_forms(visitors)
    failed = []
    for address, good in pages.items():
        # The button, the user and the state that a form of the portal may name without showing it.
        hidden = {"do", "subject", "seen"} if place == "portal" else set()
        for field in {*good} | hidden | controls(client, address):
            for value in [*DANGEROUS, *(DANGEROUS_JSON if field == "seen" else [])]:
                with undone():
                    code = client.post(address, {**good, field: value}).status_code
                # The form may have ended the session, or begun another.
                client.cookies[settings.SESSION_COOKIE_NAME] = session
                if code >= 500:
                    failed.append((address, field, value[:20], code))
    assert not failed, "\n".join(map(ascii, failed[:40]))
    # A form that is sent to the sign-in page instead would have tried nothing.
    assert client.get("/usuarios/" if place == "portal" else "/admin/").status_code == 200
