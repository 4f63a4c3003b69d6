"""What an account may do: the catalogue of profiles, options and roles, and the two grants.

An option puts an entry in the user's menu; a role permits acting inside the application. They are
granted separately, as in the real portal, and lacking one or the other are two different refusals.
"""

from profiles.models.catalog import (
    OPTION_CODE,
    CatalogRow,
    Option,
    OptionQuerySet,
    Profile,
    Role,
)
from profiles.models.grants import Grant, OptionGrant, RoleGrant
from profiles.models.loads import LoadPlan, LoadPlanQuerySet, LoadRow, Outcome
from profiles.models.templates import AccessTemplate, AccessTemplateQuerySet

__all__ = [
    "OPTION_CODE",
    "AccessTemplate",
    "AccessTemplateQuerySet",
    "CatalogRow",
    "Grant",
    "LoadPlan",
    "LoadPlanQuerySet",
    "LoadRow",
    "Option",
    "OptionGrant",
    "OptionQuerySet",
    "Outcome",
    "Profile",
    "Role",
    "RoleGrant",
]
