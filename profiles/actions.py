"""What happens to grants and to the catalogue: the only code that writes them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from operators.models import Operator, OperatorType
from profiles.catalog import Catalog, CatalogError, is_folder
from profiles.models import Option, OptionGrant, Profile, Role, RoleGrant
from users import access
from users.audit import Actor, record
from users.models import User


@dataclass(frozen=True)
class Change:
    """Codes added and taken away; false when nothing was."""

    added: frozenset[str]
    removed: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


class NotOfferedError(Exception):
    """Codes that the operator is not offered: unknown, a folder, retired, of another type."""

    def __init__(self, codes: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(codes)))
        self.codes = codes


class StaleGrantsError(Exception):
    """Somebody changed the user's grants after the screen was shown; ``current`` holds them."""

    def __init__(self, current: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(current)))
        self.current = current


def offered_roles(operator: Operator):
    """The roles of the operator's own types, in the order of the catalogue."""
    return (
        Role.objects.filter(is_retired=False, operator_type__operators=operator)
        .select_related("operator_type")
        .order_by("operator_type__position", "position")
    )


def assign_options(
    *, actor: Actor, user: User, codes: Iterable[str], seen: Iterable[str]
) -> Change:
    """Make ``codes`` the options of the user, all or nothing.

    ``seen`` are the options that the user had on the screen where the choice was made. If they
    have changed since, nothing is written and StaleGrantsError tells the present ones; unless
    they are already the wanted ones: the same form sent twice ends in the same result.
    Raises NotOfferedError for a code that the operator is not offered.
    """
    offered = Option.objects.offered_to(user.operator).values_list("code", flat=True)
    return _assign(OptionGrant, "option_id", "options.assigned", actor, user, codes, seen, offered)


def assign_roles(*, actor: Actor, user: User, codes: Iterable[str], seen: Iterable[str]) -> Change:
    """Make ``codes`` the roles of the user, under the same terms as ``assign_options``."""
    offered = offered_roles(user.operator).values_list("code", flat=True)
    return _assign(RoleGrant, "role_id", "roles.assigned", actor, user, codes, seen, offered)


@transaction.atomic
def _assign(grant_model, code_field, action, actor, user, codes, seen, offered) -> Change:
    access.require_power_over(actor.user, user)
    # The user's row is the lock under which two editors of the same user take turns.
    if User.objects.select_for_update().get(pk=user.pk).state == User.State.ELIMINATED:
        raise PermissionDenied("Ese usuario fue eliminado.")
    wanted, seen = frozenset(codes), frozenset(seen)
    if not_offered := wanted - frozenset(offered):
        raise NotOfferedError(not_offered)
    grants = grant_model.objects.filter(user=user)
    current = frozenset(grants.values_list(code_field, flat=True))
    if current == wanted:
        return Change(added=wanted - seen, removed=seen - wanted)
    if current != seen:
        raise StaleGrantsError(current)
    change = Change(added=wanted - current, removed=current - wanted)
    grants.filter(**{f"{code_field}__in": change.removed}).delete()
    grant_model.objects.bulk_create(
        grant_model(
            user=user,
            granted_by=actor.user,
            granted_at=user.operator.now(),
            **{code_field: code},
        )
        for code in sorted(change.added)
    )
    record(
        action,
        actor=actor,
        operator=user.operator,
        subject=user,
        before={"codes": sorted(current)},
        after={"codes": sorted(wanted)},
    )
    return change


@transaction.atomic
def load_catalog(catalog: Catalog) -> dict[str, int]:
    """Bring the database to what the catalogue file says; loading it again changes nothing.

    Rows that are no longer in the file are retired, never deleted. Returns how many rows were
    created, changed, retired and left as they were. Raises CatalogError for a value that a column
    cannot hold, and then nothing is loaded.
    """
    tally = {"created": 0, "changed": 0, "retired": 0, "unchanged": 0}
    _load_rows(OperatorType, catalog.operator_types, tally, _plain_values)
    _load_rows(Profile, catalog.profiles, tally, _plain_values)
    _load_rows(Role, catalog.roles, tally, _role_values)
    _load_rows(Option, catalog.options, tally, _option_values)
    return tally


def _plain_values(row: dict) -> dict:
    return {"name": row["name"], "source": row["source"]}


def _role_values(row: dict) -> dict:
    return {
        **_plain_values(row),
        "operator_type_id": row["operator_type"],
        "permits": row["permits"],
    }


def _option_values(row: dict) -> dict:
    return {
        **_plain_values(row),
        "profile_id": row["profile"],
        "parent_id": row.get("parent"),
        "is_folder": is_folder(row),
        "purpose": row.get("purpose", ""),
    }


def _check_row(row) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        raise CatalogError([f"{row.code}: {sentence}" for sentence in error.messages]) from error


def _load_rows(model, rows: list[dict], tally: dict[str, int], values_of) -> None:
    known = model.objects.in_bulk()
    retires = hasattr(model, "is_retired")
    for position, row in enumerate(rows, start=1):
        values = {**values_of(row), "position": position}
        if retires:
            values["is_retired"] = False
        links = {name: row.get(name, []) for name in ("operator_types", "roles")}
        links = {name: codes for name, codes in links.items() if model is Option}
        instance = known.pop(row["code"], None)
        if instance is None:
            instance = model(code=row["code"], **values)
            _check_row(instance)
            instance.save(force_insert=True)
            outcome = "created"
        elif any(getattr(instance, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(instance, name, value)
            _check_row(instance)
            instance.save()
            outcome = "changed"
        else:
            outcome = "unchanged"
        for name, codes in links.items():
            relation = getattr(instance, name)
            if set(relation.values_list("code", flat=True)) != set(codes):
                relation.set(codes)
                outcome = "changed" if outcome == "unchanged" else outcome
        tally[outcome] += 1
    if retires:
        leaving = [row for row in known.values() if not row.is_retired]
        model.objects.filter(code__in=[row.code for row in leaving]).update(is_retired=True)
        tally["retired"] += len(leaving)
