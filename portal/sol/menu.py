"""The menu with the identifiers of the real portal's document, which robots look for."""

from dataclasses import dataclass

from profiles.access.tree import Node, own_menu
from profiles.catalog.menu_page import identifier
from users.models import User

# The profile that is a group of its own there; the options of the others are those of companies.
CUSTOMS = "ADUANEROS"


@dataclass(frozen=True)
class Entry:
    """A row of the menu: a leaf that opens, or a folder. ``level`` and ``identifier`` are "" for a
    profile, which has neither in the real portal."""

    name: str
    code: str
    entries: tuple["Entry", ...] = ()
    identifier: str = ""

    @property
    def level(self) -> str:
        return self.identifier.partition("_")[0]

    @classmethod
    def of(cls, node: Node) -> "Entry":
        return cls(
            node.row.name, node.code, tuple(map(cls.of, node.children)), identifier(node.code)
        )


def menu(user: User) -> list[Entry]:
    """Return the groups of the account's menu that have an option, each with its entries."""
    companies, customs = [], ()
    for profile in own_menu(user).profiles:
        entries = tuple(map(Entry.of, profile.children))
        if profile.code == CUSTOMS:
            customs = entries
        else:
            companies.append(Entry(profile.row.name, profile.code, entries))
    groups = [
        Entry("Empresas", "", tuple(companies), "divOpcionServicio2"),
        Entry("Operaciones de Comercio Exterior", "", customs, "divOpcionServicio3"),
    ]
    return [group for group in groups if group.entries]
