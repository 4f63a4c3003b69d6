"""Create and change staff accounts, their permissions and their groups. For superusers."""

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from users import tenancy
from users.history.recording import Actor, record
from users.models import User

STAFF_FIELDS = ("username", "first_name", "last_name", "email", "state", "is_superuser")


@transaction.atomic
def save_staff(
    *,
    actor: Actor,
    user: User,
    groups: Iterable[Group] | None = None,
    user_permissions: Iterable[Permission] | None = None,
) -> None:
    """Save a staff account, new or changed, that its form has validated.

    Without groups or permissions it keeps its own. Raises PermissionDenied unless the actor is a
    superuser.
    """
    tenancy.require_superuser(actor.user)
    before = _facts_of_stored(User, user, staff_facts)
    user.save()
    for name, chosen in (("groups", groups), ("user_permissions", user_permissions)):
        if chosen is not None:
            getattr(user, name).set(chosen)
    after = staff_facts(user)
    if before != after:
        action = "user.changed" if before else "user.created"
        record(action, actor=actor, subject=user, before=before, after=after)


@transaction.atomic
def save_group(*, actor: Actor, group: Group, permissions: Iterable[Permission]) -> None:
    """Save a group, new or changed, with its permissions. Raises PermissionDenied."""
    tenancy.require_superuser(actor.user)
    before = _facts_of_stored(Group, group, group_facts)
    group.save()
    group.permissions.set(permissions)
    after = group_facts(group)
    if before != after:
        action = "group.changed" if before else "group.created"
        record(action, actor=actor, before=before, after=after)


@transaction.atomic
def delete_group(*, actor: Actor, group: Group) -> None:
    """Delete a group: its staff loses the group's permissions. Raises PermissionDenied."""
    tenancy.require_superuser(actor.user)
    before = group_facts(group)
    group.delete()
    record("group.deleted", actor=actor, before=before)


@transaction.atomic
def record_superuser(sender, user: User, **kwargs) -> None:
    """Record a superuser that a command creates; a receiver of superuser_created."""
    record("user.created", actor=Actor.server(), subject=user, after=staff_facts(user))


def staff_facts(user: User) -> dict:
    """Return what the history stores of a staff account."""
    return {
        **{field: getattr(user, field) for field in STAFF_FIELDS},
        "groups": sorted(user.groups.values_list("name", flat=True)),
        "user_permissions": _codes(user.user_permissions),
    }


def group_facts(group: Group) -> dict:
    """Return what the history stores of a group."""
    staff = group.user_set.values_list("username", flat=True)
    return {"name": group.name, "permissions": _codes(group.permissions), "staff": sorted(staff)}


def _codes(permissions) -> list[str]:
    codes = permissions.values_list("content_type__app_label", "codename")
    return sorted(f"{app}.{codename}" for app, codename in codes)


def _facts_of_stored(model, row, facts_of) -> dict:
    stored = model.objects.select_for_update(no_key=True).filter(pk=row.pk).first()
    return facts_of(stored) if stored else {}
