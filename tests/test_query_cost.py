"""No page costs more queries when there is more of everything: users, options, history."""

from datetime import timedelta
from io import BytesIO

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from operators.models import Operator
from profiles.actions.grants import assign_options, assign_roles
from profiles.actions.templates import save_template
from profiles.load import files
from profiles.load.actions import make_plan
from profiles.models import AccessTemplate, Option, OptionGrant, Role, RoleGrant
from tests.conftest import VISITORS, Telephone, acting
from tests.routes import MATRIX, OK, url
from users.history.recording import record
from users.models import Session, User

MANY = 200
ROLE = "NSIGAD.AGENTEADUANA.DESPACHO"
PRINCIPAL = VISITORS.index("principal")
PAGES = [name for name, outcomes in MATRIX.items() if outcomes[PRINCIPAL] == OK]


def cost(client, name: str) -> int:
    address = url(name)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def grow(principal, secondary) -> None:
    """Two hundred options, all granted to the one user, and two hundred users with some."""
    options = Option.objects.bulk_create(
        Option(code=f"90.9.1.1.{n}", profile_id="ADUANEROS", parent_id="90.1", name=f"Opción {n}")
        for n in range(MANY)
    )
    for relation, code in (("operator_types", "AGENTE_ADUANA"), ("roles", ROLE)):
        through = Option._meta.get_field(relation).remote_field.through
        target = f"{Option._meta.get_field(relation).m2m_reverse_field_name()}_id"
        through.objects.bulk_create(
            through(option_id=option.pk, **{target: code}) for option in options
        )
    users = User.objects.bulk_create(
        User(
            operator=principal.operator,
            username=f"U{n:07}",
            first_name="Ana",
            last_name="Ficticia",
            document_type="1",
            document_number=str(91000000 + n),
        )
        for n in range(MANY)
    )
    now = timezone.now()
    given = {"granted_by": principal, "granted_at": now, "effective_at": now}
    OptionGrant.objects.bulk_create(
        [OptionGrant(user=secondary, option=option, **given) for option in options]
        + [
            OptionGrant(user=user, option=option, **given)
            for user in users
            for option in options[:5]
        ]
    )
    roles = Role.objects.filter(operator_type="AGENTE_ADUANA")
    RoleGrant.objects.filter(user=secondary).delete()
    RoleGrant.objects.bulk_create(
        RoleGrant(user=user, role=role, **given) for user in [secondary, *users] for role in roles
    )
    Session.objects.bulk_create(
        Session(
            session_key=f"{n:032}",
            user=owner,
            expire_date=now + timedelta(hours=1),
            started_at=now,
        )
        for n, owner in enumerate([principal, secondary] * 20)
    )
    for n in range(60):
        actor = acting(principal)
        record(
            "options.assigned",
            actor=actor,
            operator=principal.operator,
            subject=secondary,
            before={"codes": []},
            after={"codes": [option.code for option in options[:n]]},
        )
        save_template(actor=actor, name=f"Plantilla {n}", options=["11.9.1.1.1"], roles=[ROLE])
    AccessTemplate.objects.first().options.set(options)
    plan_of_all(principal)
    with connection.cursor() as cursor:
        # What the database does by itself in time: without it PostgreSQL plans for empty tables.
        cursor.execute("ANALYZE")


def plan_of_all(principal) -> None:
    """A plan that changes every user of the company."""
    usernames = User.objects.secondary().values_list("username", flat=True)
    lines = ["Usuario,Nombres,Opciones", *(f"{name},Otra,11.9.1.1.1" for name in usernames)]
    make_plan(
        actor=acting(principal),
        operator=principal.operator,
        sheet=files.read(BytesIO("\n".join(lines).encode())),
        file_name="usuarios.csv",
    )


def test_every_page_costs_the_same_queries_when_there_is_a_hundred_times_more(
    principal, secondary, client_of, settings, clock, exercise
):
    """The clock stands still: a session that is saved once a minute would cost queries of its own."""
    settings.DEMO = True
    # A practice company, which has a page for its token and one for its reset.
    Operator.objects.update(practice_until=timezone.localdate())
    actor = acting(principal)
    assign_roles(actor=actor, user=secondary, codes=[ROLE], seen=[])
    # The last change, which Deshacer shows, is of options here and when there is more.
    assign_options(actor=actor, user=secondary, codes=["90.1.1.1.1"], seen=[])
    save_template(actor=actor, name="A", options=["11.9.1.1.1"], roles=[ROLE])
    Telephone(principal)
    plan_of_all(principal)
    client = client_of(principal)
    few = {name: cost(client, name) for name in PAGES}
    grow(principal, secondary)
    many = {name: cost(client, name) for name in PAGES}
    assert {name: (few[name], many[name]) for name in PAGES if few[name] != many[name]} == {}
