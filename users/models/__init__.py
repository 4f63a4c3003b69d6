"""Accounts, their sessions, failure counters and second factors, and the history of changes."""

from users.models.accounts import (
    AccountBlock,
    User,
    UserManager,
    UserQuerySet,
    superuser_created,
)
from users.models.answers import KeptAnswer
from users.models.audit import AuditEntry
from users.models.failures import FailureCount
from users.models.locking import delete_in_order, lock_in_order
from users.models.second_factor import RecoveryCode, SecondFactor
from users.models.sessions import Session
from users.models.uniqueness import KnownAccounts, UniquenessChecker
from users.models.validity import Validity, has_ended, has_started

__all__ = [
    "AccountBlock",
    "AuditEntry",
    "FailureCount",
    "KeptAnswer",
    "KnownAccounts",
    "RecoveryCode",
    "SecondFactor",
    "Session",
    "UniquenessChecker",
    "User",
    "UserManager",
    "UserQuerySet",
    "Validity",
    "delete_in_order",
    "has_ended",
    "has_started",
    "lock_in_order",
    "superuser_created",
]
