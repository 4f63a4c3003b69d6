"""The administration of operators, of all accounts and of their history, for staff."""

from users.admin import accounts, groups, history, operators

# Django imports this package; importing a module registers its models.
__all__ = ["accounts", "groups", "history", "operators"]
