"""What a change of grants adds and takes away, in words: before it is made, and after."""

from collections.abc import Collection
from dataclasses import dataclass

from profiles.models import Option, Role
from profiles.tree import OptionTree

# The names from the profile, or from the word «Rol», down to what is granted.
Path = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """The paths of what is added and of what is removed, in the order of the catalogue."""

    added: list[Path]
    removed: list[Path]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    def __add__(self, other: "Difference") -> "Difference":
        return Difference(self.added + other.added, self.removed + other.removed)

    @property
    def sentence(self) -> str:
        """«Se agregan 3, se quita 1»; empty when nothing changes."""
        parts = [
            f"se {verb if len(paths) == 1 else verb + 'n'} {len(paths)}"
            for verb, paths in (("agrega", self.added), ("quita", self.removed))
            if paths
        ]
        return ", ".join(parts).capitalize()


def of_options(before: Collection[str], after: Collection[str]) -> Difference:
    return _difference(option_paths({*before} ^ {*after}), before)


def of_roles(before: Collection[str], after: Collection[str]) -> Difference:
    return _difference(role_paths({*before} ^ {*after}), before)


def option_paths(codes: Collection[str]) -> dict[str, Path]:
    """Where each of these options stands, retired ones among them."""
    options = Option.objects.filter(code__in=codes).select_related("profile")
    return {leaf.code: leaf.path for leaf in OptionTree(options).ordered_leaves}


def role_paths(codes: Collection[str]) -> dict[str, Path]:
    roles = Role.objects.filter(code__in=codes).order_by("operator_type__position", "position")
    return {role.code: ("Rol", role.name) for role in roles}


def _difference(paths: dict[str, Path], before: Collection[str]) -> Difference:
    return Difference(
        added=[path for code, path in paths.items() if code not in before],
        removed=[path for code, path in paths.items() if code in before],
    )
