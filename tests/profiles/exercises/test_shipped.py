"""The shipped exercises: the brief alone passes each of them, and nothing less does."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.formats import date_format

from operators.models import OperatorType
from profiles.actions.exercises import check, load_exercises, start
from profiles.exercises.reading import toml_of
from profiles.models import Exercise
from tests.calls import file_of
from tests.conftest import acting
from tests.trainee import Trainee
from tests.walking import undone
from users.history.recording import Actor
from users.models import User

SEND, GRE = "90.8.1.1.4", "62.1.5.1.1"
INVOICES, BILL, SEE_BILL = "11.9.5.1.1", "11.5.3.1.1", "11.5.3.1.2"


def day(ahead: int) -> str:
    return str(timezone.localdate() + timedelta(days=ahead))


def long(ahead: int) -> str:
    return date_format(timezone.localdate() + timedelta(days=ahead), "DATE_FORMAT")


# Of each exercise, the steps of its brief; with each, what is said when it alone is left out.
STEPS = {
    "primer-usuario": [
        (
            lambda trainee: trainee.create("RQUISPE1", "90000101", " rosa ", "QUISPE  MAMANI"),
            "No existe el usuario RQUISPE1.",
        ),
        (
            lambda trainee: trainee.options("RQUISPE1", SEND, GRE),
            "RQUISPE1 no puede usar «Consulta de GRE».",
        ),
        (
            lambda trainee: trainee.roles("RQUISPE1"),
            "RQUISPE1 no puede usar «Consulta de envíos y respuestas». RQUISPE1 no tiene ninguno "
            "de los roles",
        ),
    ],
    "menu-vacio": [
        (
            lambda trainee: trainee.options("CVALDEZ1", INVOICES, GRE),
            "CVALDEZ1 no puede usar «Consultar Factura, Boletas y Notas».",
        )
    ],
    "falta-el-rol": [
        (
            lambda trainee: trainee.roles("LMAMANI1"),
            "LMAMANI1 no puede usar «Consulta de envíos y respuestas». LMAMANI1 no tiene ninguno",
        )
    ],
    "deja-la-empresa": [
        (
            lambda trainee: trainee.suspend("PROJAS01"),
            "PROJAS01 está Activo, y debería estar Suspendido.",
        )
    ],
    "vacaciones": [
        (
            lambda trainee: trainee.options("DSOTO001", BILL, SEE_BILL),
            "DSOTO001 no puede usar «Emitir Factura».",
        ),
        (
            lambda trainee: trainee.validity("DSOTO001", BILL, day(7), day(14)),
            "DSOTO001 puede usar «Emitir Factura», y no debería.",
        ),
    ],
    "mismo-acceso": [
        (
            lambda trainee: trainee.copy("KDIAZ001", "MVEGA001"),
            "KDIAZ001 no puede usar «Avisos del sistema».",
        )
    ],
    "solo-lo-necesario": [
        (
            lambda trainee: trainee.options("ECRUZ001", SEND, GRE),
            "ECRUZ001 no puede usar «Consulta de envíos y respuestas».",
        ),
        (
            lambda trainee: trainee.roles("ECRUZ001"),
            "ECRUZ001 no puede usar «Consulta de envíos y respuestas». ECRUZ001 no tiene ninguno",
        ),
    ],
    "clave-olvidada": [
        (
            lambda trainee: trainee.reset_password("JRAMOS01"),
            "JRAMOS01: en el Historial todavía no está «Clave restablecida».",
        )
    ],
    "sigue-igual": [
        (
            lambda trainee: trainee.advance(24),
            "TLEON001 no puede usar «Consulta de envíos y respuestas». TLEON001 ya tiene asignada",
        )
    ],
}


@pytest.mark.usefixtures("shipped")
def test_the_steps_of_every_shipped_exercise_are_stated():
    assert [*Exercise.objects.values_list("code", flat=True)] == [*STEPS]


@pytest.mark.usefixtures("shipped")
def test_what_is_downloaded_of_the_shipped_exercises_is_what_was_loaded():
    text = toml_of(Exercise.objects.all())
    assert load_exercises(actor=Actor.server(), file=file_of(text)) == []
    # A backslash is no sign of a new line.
    text = text.replace("Carla Valdez (", r"Carla \\n Valdez (")
    assert load_exercises(actor=Actor.server(), file=file_of(text)) == ["menu-vacio"]
    again = toml_of(Exercise.objects.all())
    assert load_exercises(actor=Actor.server(), file=file_of(again)) == []


def test_the_brief_alone_passes_and_each_step_left_out_is_named(company, client_of, subtests):
    for kind in OperatorType.objects.values_list("code", flat=True):
        principal = User.objects.select_related("operator").get(pk=company(kind).principal.pk)
        trainee = Trainee(client_of(principal))
        for code, steps in STEPS.items():
            for left_out in [*range(len(steps)), None]:
                with subtests.test(kind=kind, exercise=code, left_out=left_out), undone():
                    do(principal, trainee, code, steps, left_out)


# What a trainee may do instead of the brief, and what the check says then: this and nothing else.
MISTAKES = [
    (
        "primer-usuario",
        [
            lambda trainee: trainee.create("RQUISPE1", "90000110", "Roza", "Quispe Mamani"),
            lambda trainee: trainee.options("RQUISPE1", SEND, GRE, BILL),
            lambda trainee: trainee.roles("RQUISPE1"),
        ],
        [
            "A RQUISPE1 le sobra la opción «Emitir Factura».",
            "RQUISPE1: «Número de documento» dice «90000110», y no es lo del enunciado.",
            "RQUISPE1: «Nombres» dice «Roza», y no es lo del enunciado.",
        ],
    ),
    (
        "deja-la-empresa",
        [lambda trainee: trainee.eliminate("PROJAS01")],
        ["PROJAS01 está Eliminado, y debería estar Suspendido."],
    ),
    (
        "deja-la-empresa",
        [
            lambda trainee: trainee.suspend("PROJAS01"),
            lambda trainee: trainee.eliminate("PROJAS02"),
        ],
        ["PROJAS02 no debía cambiar, y en el Historial está «Usuario eliminado»."],
    ),
    (
        "vacaciones",
        [
            lambda trainee: trainee.options("DSOTO001", BILL),
            lambda trainee: trainee.validity("DSOTO001", BILL, day(7), day(13)),
        ],
        [
            f"El {long(14)}, DSOTO001 no puede usar «Emitir Factura». La vigencia",
            "DSOTO001 no puede usar «Consultar Factura y Nota». DSOTO001 no tiene asignada",
            f"El {long(15)}, DSOTO001 no puede usar «Consultar Factura y Nota». DSOTO001 no",
        ],
    ),
    (
        "mismo-acceso",
        [
            lambda trainee: trainee.copy("KDIAZ001", "MVEGA001"),
            lambda trainee: trainee.options("MVEGA001", GRE),
        ],
        ["MVEGA001 no debía cambiar, y en el Historial está «Opciones asignadas»."],
    ),
    (
        "clave-olvidada",
        [
            lambda trainee: trainee.reset_password("JRAMOS01"),
            lambda trainee: trainee.reset_password("JRAMOS02"),
        ],
        ["JRAMOS02 no debía cambiar, y en el Historial está «Clave restablecida»."],
    ),
    (
        "solo-lo-necesario",
        [
            lambda trainee: trainee.options("ECRUZ001", SEND, GRE, BILL),
            lambda trainee: trainee.roles("ECRUZ001", "NSIGAD.AGENTEADUANA.SUPERVISOR"),
        ],
        [
            "A ECRUZ001 le sobra la opción «Emitir Factura».",
            "A ECRUZ001 le sobra el rol «Supervisor del agente de aduana».",
        ],
    ),
]


def test_each_mistake_is_named_and_nothing_else(company, client_of, subtests):
    principal = User.objects.select_related("operator").get(pk=company().principal.pk)
    trainee = Trainee(client_of(principal))
    for code, steps, sentences in MISTAKES:
        with subtests.test(exercise=code), undone():
            checked = checked_after(principal, trainee, code, steps)
            wrong = [result for result in checked.after["results"] if not result["ok"]]
            missing = [result["sentence"] for result in wrong]
            assert len(missing) == len(sentences), missing
            for said, sentence in zip(missing, sentences, strict=True):
                assert said.startswith(sentence)
            # Only what is beyond the goal, where it costs points, leaves it passed.
            costs = [result["cost"] for result in wrong]
            assert is_passed(checked) == all(costs)
            assert not all(costs) or checked.after["points"] == 15 - sum(costs) == 11


# After these steps, by which link each fault is mended.
REMEDIES = [
    # Open on days on which it should not be.
    (
        "vacaciones",
        [lambda trainee: trainee.options("DSOTO001", BILL, SEE_BILL)],
        {"Vigencia de opciones y roles"},
    ),
    # A day that is wrong, which no clock mends.
    (
        "vacaciones",
        [
            lambda trainee: trainee.options("DSOTO001", BILL, SEE_BILL),
            lambda trainee: trainee.validity("DSOTO001", BILL, day(7), day(14)),
            lambda trainee: trainee.validity("DSOTO001", SEE_BILL, day(7), ""),
        ],
        {"Vigencia de opciones y roles"},
    ),
    ("sigue-igual", [], {"Reloj"}),
    (
        "clave-olvidada",
        [lambda trainee: trainee.reset_password("JRAMOS02")],
        {"Restablecer clave", "Presione «Empezar de nuevo»."},
    ),
]


def test_each_fault_leads_to_where_it_is_mended(company, client_of, subtests):
    principal = User.objects.select_related("operator").get(pk=company().principal.pk)
    trainee = Trainee(client_of(principal))
    for code, steps, words in REMEDIES:
        with subtests.test(exercise=code, steps=len(steps)), undone():
            checked = checked_after(principal, trainee, code, steps)
            results = checked.after["results"]
            assert {each["words"] for each in results if not each["ok"]} == words


def is_passed(checked) -> bool:
    return checked.action == "practice.passed"


def checked_after(principal, trainee, code, steps):
    """Start the exercise, do the steps in the pages, and check."""

    def actor():
        # As a new request reads it.
        return acting(User.objects.select_related("operator").get(pk=principal.pk))

    exercise = Exercise.objects.get(code=code)
    start(actor=actor(), exercise=exercise, session_key=trainee.client.session.session_key)
    for step in steps:
        step(trainee)
    return check(actor=actor(), exercise=exercise)


def do(principal, trainee, code, steps, left_out) -> None:
    """Do all steps of an exercise but one, and look at the result."""
    # The other steps need the user that the first one creates.
    none = left_out == 0 and code == "primer-usuario"
    done = [step for number, (step, _) in enumerate(steps) if number != left_out and not none]
    checked = checked_after(principal, trainee, code, done)
    results = checked.after["results"]
    missing = [result["sentence"] for result in results if not result["ok"]]
    if left_out is None:
        assert (missing, is_passed(checked)) == ([], True)
        assert checked.after["points"] == Exercise.objects.get(code=code).points
    else:
        assert not is_passed(checked)
        wanted = steps[left_out][1]
        assert any(wanted in sentence for sentence in missing), missing
