"""The catalogue's options as a tree, for the menu, the assignment screen and the summary."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

from profiles.access.verdict import Holdings, verdict
from profiles.models import Option, Profile
from users.lists.search import fold, search_words
from users.models import User


@dataclass(eq=False)
class Node:
    """A profile, a folder or a leaf, with its children."""

    row: Profile | Option
    parent: "Node | None" = None
    children: list["Node"] = field(default_factory=list)
    is_selected: bool = False
    is_match: bool = True

    @property
    def code(self) -> str:
        return self.row.code

    @property
    def is_leaf(self) -> bool:
        return not self.children

    @cached_property
    def leaves(self) -> list["Node"]:
        return (
            [self] if self.is_leaf else [leaf for child in self.children for leaf in child.leaves]
        )

    @cached_property
    def chain(self) -> list["Node"]:
        """This node and those below it that are only children: a screen draws them as one path."""
        return [self, *(self.children[0].chain if len(self.children) == 1 else ())]

    @property
    def boxes(self) -> list[tuple["Node", bool, bool, str, str, str]]:
        """Return what a screen of boxes draws for each child: a template reads a tuple fastest.

        The node at the end of the child's chain, whether it is a leaf and whether the search shows
        it, its code, its name, and the names of the folders of the chain in one line.
        """
        ends = [(child.chain[:-1], child.chain[-1]) for child in self.children]
        return [
            (
                end,
                end.is_leaf,
                end.match_count > 0,
                end.code,
                end.row.name,
                " › ".join(folder.row.name for folder in above),
            )
            for above, end in ends
        ]

    @property
    def selected_by_folder(self) -> list[tuple[str, list[tuple[Option, str, str]]]]:
        """Return the row, code and name of the selected leaves, by the path of their folder."""
        return [
            (folder.trail_in_profile, [(leaf.row, leaf.code, leaf.row.name) for leaf in leaves])
            for folder, leaves in groupby(self.selected, key=lambda leaf: leaf.parent)
        ]

    @cached_property
    def path(self) -> tuple[str, ...]:
        """The names from the profile down to this node."""
        return (*(self.parent.path if self.parent else ()), self.row.name)

    @cached_property
    def trail(self) -> str:
        """The path in one line."""
        return " › ".join(self.path)

    @property
    def trail_in_profile(self) -> str:
        """The path in one line, without the profile."""
        return " › ".join(self.path[1:])

    @cached_property
    def folded_path(self) -> str:
        # The parent's path is folded once for all its children.
        above = f"{self.parent.folded_path} " if self.parent else ""
        return above + fold(self.row.name)

    @property
    def search_text(self) -> str:
        return f"{self.folded_path} {self.code}"

    @property
    def selected(self) -> list["Node"]:
        return [leaf for leaf in self.leaves if leaf.is_selected]

    @cached_property
    def selected_count(self) -> int:
        return sum(leaf.is_selected for leaf in self.leaves)

    @cached_property
    def match_count(self) -> int:
        return sum(leaf.is_match for leaf in self.leaves)

    @property
    def hidden_selected_count(self) -> int:
        """How many leaves are selected but hidden, because the search does not match them."""
        return sum(leaf.is_selected and not leaf.is_match for leaf in self.leaves)


class OptionTree:
    """Leaves under their folders and profiles, in catalogue order.

    ``selected`` marks leaves by code. With a ``query`` a leaf matches if all words of the query
    are in its path, name or code. A folder without any of the given leaves is not in the tree.
    """

    def __init__(
        self, leaves: Iterable[Option], *, selected: Collection[str] = (), query: str = ""
    ) -> None:
        folders = {folder.code: folder for folder in Option.objects.folders()}
        nodes: dict[str | tuple[str], Node] = {}

        def hang(row: Option) -> Node:
            if row.code not in nodes:
                if row.parent_id is not None:
                    parent = hang(folders[row.parent_id])
                else:
                    parent = nodes.setdefault((row.profile_id,), Node(row.profile))
                nodes[row.code] = Node(row, parent)
                parent.children.append(nodes[row.code])
            return nodes[row.code]

        words = search_words(query)
        self.leaves = [hang(leaf) for leaf in leaves]
        for node in self.leaves:
            node.is_selected = node.code in selected
            node.is_match = all(word in node.search_text for word in words)
        for node in nodes.values():
            node.children.sort(key=lambda child: (child.row.position, child.code))
        self.profiles: list[Node] = sorted(
            (node for node in nodes.values() if node.parent is None),
            key=lambda node: (node.row.position, node.code),
        )

    def __bool__(self) -> bool:
        return bool(self.leaves)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.profiles)

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(leaf.code for leaf in self.leaves)

    @property
    def selected(self) -> list[Node]:
        """The selected leaves in tree order."""
        return [leaf for profile in self.profiles for leaf in profile.selected]

    @property
    def matches(self) -> list[Node]:
        return [leaf for leaf in self.ordered_leaves if leaf.is_match]

    @property
    def ordered_leaves(self) -> list[Node]:
        return [leaf for profile in self.profiles for leaf in profile.leaves]

    @property
    def assumed_count(self) -> int:
        """How many leaves are our own assumption; the page says so."""
        return sum(leaf.row.is_assumed for leaf in self.leaves)

    def under(self, code: str) -> frozenset[str]:
        """Return the codes of the matching leaves under the folder of that code."""
        return frozenset(
            leaf.code
            for leaf in self.leaves
            if leaf.is_match and any(node.code == code for node in _ancestry(leaf))
        )


def _ancestry(node: Node | None) -> Iterator[Node]:
    while node is not None:
        yield node
        node = node.parent


def menu_of(holdings: Holdings, leaves, *, query: str = "") -> OptionTree:
    """Return the menu of an account: the leaves that the verdict puts into it, as a tree."""
    return OptionTree((leaf for leaf in leaves if verdict(holdings, leaf).in_menu), query=query)


def own_menu(user: User, *, query: str = "") -> OptionTree:
    """Return the menu of an account that is signed in, read with the least that it needs.

    Of a principal the verdict asks only what is offered, and of a secondary user what is granted.
    """
    offered = Option.objects.offered_to(user.operator)
    if user.is_principal:
        return OptionTree(offered, query=query)
    holdings = Holdings.of(user)
    granted = offered.filter(code__in=holdings.options).for_verdicts()
    return menu_of(holdings, granted, query=query)
