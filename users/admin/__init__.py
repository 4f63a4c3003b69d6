"""The administration of operators, of all accounts and of their history, for staff."""

from users.admin import accounts, history, operators

# Django finds this package; that a subject is imported is what registers it.
__all__ = ["accounts", "history", "operators"]
