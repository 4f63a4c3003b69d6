"""What an account may do: the catalogue of profiles, options and roles, and the two grants.

An option adds an entry to the user's menu; a role permits acting inside the application. As in the
real portal they are granted separately, and a missing option and a missing role are two different
refusals (docs/fidelity.md).
"""

from profiles.models.catalog import (
    OPTION_CODE,
    OWN_MENU,
    CatalogRow,
    Option,
    OptionQuerySet,
    Profile,
    Role,
)
from profiles.models.exercises import Exercise, Person
from profiles.models.grants import Grant, OptionGrant, RoleGrant
from profiles.models.loads import LoadPlan, LoadPlanQuerySet, LoadRow, Outcome
from profiles.models.templates import AccessTemplate, AccessTemplateQuerySet

__all__ = [
    "OPTION_CODE",
    "OWN_MENU",
    "AccessTemplate",
    "AccessTemplateQuerySet",
    "CatalogRow",
    "Exercise",
    "Grant",
    "LoadPlan",
    "LoadPlanQuerySet",
    "LoadRow",
    "Option",
    "OptionGrant",
    "OptionQuerySet",
    "Outcome",
    "Person",
    "Profile",
    "Role",
    "RoleGrant",
]
