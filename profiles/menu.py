"""The menu of an account: what its grants put there, as a tree."""

from profiles.access import Holdings, verdict
from profiles.tree import OptionTree


def menu_of(holdings: Holdings, leaves) -> OptionTree:
    """The menu of an account that holds this: what its verdict puts there, as a tree."""
    return OptionTree(leaf for leaf in leaves if verdict(holdings, leaf).in_menu)
