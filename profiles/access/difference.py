"""What a change of grants adds and removes, as paths and as a sentence."""

from collections.abc import Collection
from dataclasses import dataclass

from profiles.access.tree import OptionTree
from profiles.models import AccessTemplate, Option, Role
from users.models import User

# The names from the profile, or from the word «Rol», down to the granted option or role.
Path = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """The paths of what is added and of what is removed, in catalogue order."""

    added: list[Path]
    removed: list[Path]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    def __add__(self, other: "Difference") -> "Difference":
        return Difference(self.added + other.added, self.removed + other.removed)

    @property
    def sentence(self) -> str:
        """A sentence such as «Se agregan 3, se quita 1»; empty when nothing changes."""
        parts = [
            f"se {verb if len(paths) == 1 else verb + 'n'} {len(paths)}"
            for verb, paths in (("agrega", self.added), ("quita", self.removed))
            if paths
        ]
        return ", ".join(parts).capitalize()


def of_options(before: Collection[str], after: Collection[str]) -> Difference:
    """Compare two sets of option codes."""
    return _difference(option_paths({*before} ^ {*after}), before)


def of_roles(before: Collection[str], after: Collection[str]) -> Difference:
    """Compare two sets of role codes."""
    return _difference(role_paths({*before} ^ {*after}), before)


def option_paths(codes: Collection[str]) -> dict[str, Path]:
    """Return the path of each of these options, retired options included."""
    options = Option.objects.filter(code__in=codes).select_related("profile")
    return {leaf.code: leaf.path for leaf in OptionTree(options).ordered_leaves}


def role_paths(codes: Collection[str]) -> dict[str, Path]:
    """Return the path of each of these roles, retired roles included."""
    roles = Role.objects.filter(code__in=codes).order_by("operator_type__position", "position")
    return {role.code: ("Rol", role.name) for role in roles}


@dataclass(frozen=True)
class Proposal:
    """The offered options and roles that a user would have, and the paths of those left out."""

    options: frozenset[str]
    roles: frozenset[str]
    not_offered: list[Path]


def proposal(user: User, source: User | AccessTemplate, *, adding: bool) -> Proposal:
    """Return what ``user`` would have with the access of a colleague or of a template.

    With ``adding`` the access is added to the user's own; else it replaces the user's own.
    """
    options, roles = access_of(source)
    offered = Option.objects.offered_to(user.operator).codes()
    offered |= Role.objects.offered_to(user.operator).codes()
    left_out = (options | roles) - offered
    if adding:
        own_options, own_roles = access_of(user)
        options, roles = options | own_options, roles | own_roles
    return Proposal(
        options & offered,
        roles & offered,
        [*option_paths(left_out).values(), *role_paths(left_out).values()],
    )


def access_of(source: User | AccessTemplate) -> tuple[frozenset[str], frozenset[str]]:
    """Return the codes of the options and of the roles that an account or a template holds."""
    if isinstance(source, AccessTemplate):
        options, roles = source.options.values_list("code"), source.roles.values_list("code")
    else:
        options = source.option_grants.values_list("option_id")
        roles = source.role_grants.values_list("role_id")
    return frozenset(code for (code,) in options), frozenset(code for (code,) in roles)


def _difference(paths: dict[str, Path], before: Collection[str]) -> Difference:
    return Difference(
        added=[path for code, path in paths.items() if code not in before],
        removed=[path for code, path in paths.items() if code in before],
    )
