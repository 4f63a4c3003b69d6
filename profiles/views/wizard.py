"""The wizard of the guide: create a user, assign profiles, assign roles.

Each step is a screen that works on the rows of the account, so a creation may be left and resumed
(docs/decisions/0003). Here stands what the guide says about the steps; the screens, the list of
steps, the titles and the coach read it. The same screens, without a step, correct an account later.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.shortcuts import redirect
from django.views import View

from users.models import User


@dataclass(frozen=True)
class Step:
    """One step. Every earlier step must be done before a step is shown."""

    number: int
    title: str
    # The name of the address of its screen.
    route: str
    # Of each screen of the step: the sentences of the guide (docs/cartilla.md).
    guide: dict[str, tuple[str, ...]]
    # Whether a later step may follow, and what a visitor is told who comes to that step too early.
    is_done: Callable[[User], bool] = lambda account: True
    reminder: str = ""

    @property
    def count(self) -> str:
        return f"Paso {self.number} de {len(STEPS)}"

    @property
    def all(self) -> tuple["Step", ...]:
        return STEPS

    def first_undone_before(self, account: User) -> "Step | None":
        """Return the earlier step that the account still lacks, if there is one."""
        earlier = STEPS[: self.number - 1]
        return next((step for step in earlier if not step.is_done(account)), None)


CREATE = Step(
    number=1,
    title="Datos del usuario",
    route="users:create",
    guide={
        "form": (
            "El tipo de documento de identidad (elegir DNI).",
            "Número del documento de identidad.",
            "Los nombres y apellidos de la persona a la que desea darle acceso.",
            "Correo electrónico.",
            "El usuario secundario a crear (la clave debe tener entre 8 a 12 caracteres, por lo "
            "menos 1 debe ser un número).",
            "La clave a asignar para dicha persona. Reingrese la nueva clave.",
            "Dar click en siguiente, con lo cual el sistema generará el usuario secundario.",
        ),
        "done": (
            "Asignar Perfiles. Es recomendable que se asigne los perfiles necesarios al usuario "
            "secundario creado tal como se muestra en la pantalla.",
        ),
    },
)

OPTIONS = Step(
    number=2,
    title="Asignar Perfiles",
    route="profiles:wizard_options",
    is_done=lambda account: account.option_grants.exists(),
    reminder="Primero asigne los perfiles de {}.",
    guide={
        "form": (
            "En esta pantalla seleccionar el perfil “Mis Trámites Aduaneros”; con la selección "
            "indicada se mostrarán todas las opciones a las cuales el usuario secundario tendrá "
            "acceso. Para acceder a ellas dar click en la(s) opcion(es) que se necesiten por tipo "
            "de operador.",
            "Luego de click en Siguiente, se mostrará la opciones otorgadas.",
        ),
        "summary": (
            "Luego de click en Siguiente, se mostrará la opciones otorgadas.",
            "Marque Grabar y el sistema le responderá.",
        ),
        "done": (
            "Una vez creado el Perfil deberá de crear ASIGNAR ROLES al usuario secundario. Para "
            "ello debe de marcar el usuario secundario y a continuación dar click en Asignar "
            "Roles.",
        ),
    },
)

ROLES = Step(
    number=3,
    title="Asignar Roles",
    route="profiles:wizard_roles",
    guide={
        "form": (
            "Se mostrará la siguiente pantalla en la cual marcar lo que corresponda.",
            "Dar click en Asignar, con lo cual el sistema le responderá que “Se ha asignado los "
            "roles correctamente al usuario”.",
        ),
    },
)

STEPS = (CREATE, OPTIONS, ROLES)


class StepView(View):
    """A screen about ``self.account`` that is a step of the wizard or, without ``step``, is not.

    A visitor who comes to a step too early is led to the step that must be done first.
    """

    step: Step | None = None

    def dispatch(self, request):
        undone = self.step and self.step.first_undone_before(self.account)
        if undone:
            messages.info(request, undone.reminder.format(self.account))
            return redirect(undone.route, self.account)
        return super().dispatch(request)
