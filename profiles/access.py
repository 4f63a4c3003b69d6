"""May this account open this option, and if not, why: one pure function, used everywhere."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from profiles.models import Option
from users.models import User


class Reason(enum.Enum):
    """Why not, as a code for a program and a sentence for the person refused."""

    RETIRED = "Esta opción ya no se ofrece en el portal."
    NOT_OFFERED = "Esta opción no se ofrece al tipo de operador de su empresa."
    OPTION_NOT_GRANTED = (
        "Esta opción no está entre las que tiene asignadas. "
        "Pida al usuario principal que se la asigne en Modificar Perfiles."
    )
    ROLE_MISSING = (
        "Usted no tiene asignado el rol esperado. "
        "Pida al usuario principal que se lo asigne en Asignar Roles."
    )

    @property
    def code(self) -> str:
        return self.name.lower()

    @property
    def sentence(self) -> str:
        return self.value


@dataclass(frozen=True)
class Holdings:
    """What an account holds, read once, so that a verdict on each option costs no query."""

    is_principal: bool
    operator_types: frozenset[str]
    options: frozenset[str]
    roles: frozenset[str]

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            is_principal=user.is_principal,
            operator_types=frozenset(user.operator.operator_types.values_list("code", flat=True)),
            options=frozenset(user.option_grants.values_list("option_id", flat=True)),
            roles=frozenset(
                # A role of a type that the operator no longer has permits nothing.
                user.role_grants.filter(
                    role__is_retired=False, role__operator_type__operators=user.operator_id
                ).values_list("role_id", flat=True)
            ),
        )

    def with_options(self, codes: Iterable[str]) -> Self:
        """The same account as it would be with these options instead of its own."""
        return replace(self, options=frozenset(codes))


@dataclass(frozen=True)
class Verdict:
    """Permitted when there is no reason against it; else every reason, the deepest first."""

    reasons: tuple[Reason, ...] = ()

    @property
    def permitted(self) -> bool:
        return not self.reasons

    @property
    def in_menu(self) -> bool:
        """A granted option stands in the menu even while its role is missing, as in the real
        portal: the application is what refuses."""
        return set(self.reasons) <= {Reason.ROLE_MISSING}

    @property
    def sentence(self) -> str:
        return self.reasons[0].sentence if self.reasons else ""


def verdict(holdings: Holdings, option: Option) -> Verdict:
    """Decide on a leaf whose profile, operator types and roles are at hand.

    A principal holds whatever is offered to its operator and needs no role; a secondary user needs
    the option and, where roles act in it, one of them (docs/fidelity.md, «Roles»).
    """
    reasons = []
    offered_to = {operator_type.code for operator_type in option.operator_types.all()}
    if option.is_retired or option.profile.is_retired:
        reasons.append(Reason.RETIRED)
    if not offered_to & holdings.operator_types:
        reasons.append(Reason.NOT_OFFERED)
    if not holdings.is_principal:
        if option.code not in holdings.options:
            reasons.append(Reason.OPTION_NOT_GRANTED)
        acting_roles = {role.code for role in option.roles.all()}
        if acting_roles and not acting_roles & holdings.roles:
            reasons.append(Reason.ROLE_MISSING)
    return Verdict(tuple(reasons))
