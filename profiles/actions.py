"""What happens to grants and to the catalogue: the only code that writes them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from operators.models import Operator, OperatorType
from profiles.catalog.reading import Catalog, CatalogError, is_folder
from profiles.models import AccessTemplate, Option, OptionGrant, Profile, Role, RoleGrant
from users import tenancy
from users.history.recording import Actor, entry, record, record_all
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
    offered = Role.objects.offered_to(user.operator).values_list("code", flat=True)
    return _assign(RoleGrant, "role_id", "roles.assigned", actor, user, codes, seen, offered)


@transaction.atomic
def _assign(grant_model, code_field, action, actor, user, codes, seen, offered) -> Change:
    tenancy.require_power_over(actor.user, user)
    _lock(user)
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
        _new_grants(grant_model, code_field, actor, user, change.added, user.operator.now())
    )
    record(action, **_assigned(actor, user, current, wanted))
    return change


def _new_grants(
    grant_model, code_field: str, actor: Actor, user: User, codes: Iterable[str], now: datetime
) -> list:
    """What is given at one instant, not yet written."""
    return [
        grant_model(
            user=user,
            granted_by=actor.user,
            granted_at=now,
            effective_at=now + user.operator.activation_delay,
            **{code_field: code},
        )
        for code in sorted(codes)
    ]


def _assigned(actor: Actor, user: User, before: Iterable[str], after: Iterable[str]) -> dict:
    """What the entry of an assignment says."""
    return {
        "actor": actor,
        "operator": user.operator,
        "subject": user,
        "before": {"codes": sorted(before)},
        "after": {"codes": sorted(after)},
    }


# Of one user: the codes that he has, and those that he shall have.
Assignment = tuple[User, Iterable[str], Iterable[str]]


@transaction.atomic
def load_access(
    *, actor: Actor, operator: Operator, options: list[Assignment], roles: list[Assignment]
) -> None:
    """Assign the options and the roles of many users of one operator: what the single actions do.

    The users are under the caller's lock, and what they have is what it says. Raises
    NotOfferedError for a code that the operator is not offered.
    """
    tenancy.require_administrator_of(actor.user, operator)
    offered_options = frozenset(Option.objects.offered_to(operator).values_list("code", flat=True))
    offered = frozenset(Role.objects.offered_to(operator).values_list("code", flat=True))
    _load(OptionGrant, "option_id", "options.assigned", actor, operator, options, offered_options)
    _load(RoleGrant, "role_id", "roles.assigned", actor, operator, roles, offered)


def _load(grant_model, code_field, action, actor, operator, assignments, offered) -> None:
    now, grants, entries = operator.now(), [], []
    for user, before, after in assignments:
        tenancy.require_power_over(actor.user, user)
        before, after = frozenset(before), frozenset(after)
        if not_offered := after - offered:
            raise NotOfferedError(not_offered)
        if removed := before - after:
            grant_model.objects.filter(user=user, **{f"{code_field}__in": removed}).delete()
        grants += _new_grants(grant_model, code_field, actor, user, after - before, now)
        entries.append(entry(action, **_assigned(actor, user, before, after)))
    grant_model.objects.bulk_create(grants)
    record_all(entries)


@transaction.atomic
def assign_access(
    *,
    actor: Actor,
    user: User,
    options: Iterable[str],
    roles: Iterable[str],
    seen_options: Iterable[str],
    seen_roles: Iterable[str],
) -> tuple[Change, Change]:
    """Make these the options and the roles of the user at once, both or neither.

    Under the terms of ``assign_options`` and ``assign_roles``, which it is made of.
    """
    common = {"actor": actor, "user": user}
    return (
        assign_options(codes=options, seen=seen_options, **common),
        assign_roles(codes=roles, seen=seen_roles, **common),
    )


class StaleTemplateError(Exception):
    """Somebody changed the template after the screen was shown."""


# From which day to which day, by code; an empty end is open.
Days = Mapping[str, tuple[date | None, date | None]]


class StaleValidityError(Exception):
    """The grants or their validity changed after the screen was shown."""


@transaction.atomic
def set_validity(*, actor: Actor, user: User, options: Days, roles: Days, seen: dict) -> int:
    """Set from when to when each grant of the user is valid; returns how many changed.

    ``options`` and ``roles`` name every grant of the user, ``seen`` what the screen showed
    (``validity_facts``). If that has changed since, nothing is written and StaleValidityError is
    raised. Raises ValidationError keyed by code where an end comes before its start.
    """
    tenancy.require_power_over(actor.user, user)
    _lock(user)
    before, after = _validity_of(user), {"options": dict(options), "roles": dict(roles)}
    for shown in (seen, after):
        if {kind: set(shown.get(kind, ())) for kind in before} != {
            kind: set(codes) for kind, codes in before.items()
        }:
            raise StaleValidityError
    if before == after:
        return 0
    if validity_facts(user) != seen:
        raise StaleValidityError
    changed = {
        kind: [code for code in after[kind] if after[kind][code] != before[kind][code]]
        for kind in before
    }
    problems, grants = {}, {"options": user.option_grants, "roles": user.role_grants}
    for kind, field in (("options", "option_id"), ("roles", "role_id")):
        for grant in grants[kind].filter(**{f"{field}__in": changed[kind]}):
            code = getattr(grant, field)
            grant.valid_from, grant.valid_until = after[kind][code]
            if grant.ends_before_it_starts:
                problems[code] = grant.ENDS_BEFORE_IT_STARTS
                continue
            grant.save(update_fields=["valid_from", "valid_until"])
    if problems:
        raise ValidationError(problems)
    record(
        "grants.validity_changed",
        actor=actor,
        operator=user.operator,
        subject=user,
        before={kind: _as_text(before[kind], changed[kind]) for kind in changed if changed[kind]},
        after={kind: _as_text(after[kind], changed[kind]) for kind in changed if changed[kind]},
    )
    return sum(map(len, changed.values()))


def validity_facts(user: User) -> dict[str, dict[str, list[str]]]:
    """The days of each grant of the user as text, the way they travel in a form."""
    return {kind: _as_text(days, [*days]) for kind, days in _validity_of(user).items()}


def _validity_of(user: User) -> dict[str, Days]:
    days = ("valid_from", "valid_until")
    return {
        "options": {
            code: (start, end)
            for code, start, end in user.option_grants.values_list("option_id", *days)
        },
        "roles": {
            code: (start, end)
            for code, start, end in user.role_grants.values_list("role_id", *days)
        },
    }


def _as_text(days: Days, codes: list[str]) -> dict[str, list[str]]:
    return {code: [str(day or "") for day in days[code]] for code in codes}


@transaction.atomic
def save_template(
    *,
    actor: Actor,
    name: str,
    options: Iterable[str],
    roles: Iterable[str],
    template: AccessTemplate | None = None,
    seen: dict | None = None,
) -> AccessTemplate:
    """Make a template of the actor's operator, or correct one of them.

    ``seen`` are the ``template_facts`` on the screen where an existing one was corrected: if they
    have changed since, to others than the wanted ones, StaleTemplateError is raised.
    Raises NotOfferedError for codes that the operator is not offered, ValidationError keyed by
    ``name``, and PermissionDenied for a template of another operator or a ready one.
    """
    tenancy.require_principal(actor.user)
    operator = actor.user.operator
    options, roles = frozenset(options), frozenset(roles)
    offered = {*Option.objects.offered_to(operator).values_list("code", flat=True)}
    offered |= {*Role.objects.offered_to(operator).values_list("code", flat=True)}
    if not_offered := (options | roles) - offered:
        raise NotOfferedError(not_offered)
    if not options and not roles:
        raise ValidationError({"name": "Marque al menos una opción o un rol"})
    before = {}
    if template is None:
        template = AccessTemplate(operator=operator)
    else:
        template = _own_template(actor, template)
        before = template_facts(template)
    template.name = " ".join(name.split())
    template.clean_fields()
    wanted = {"name": template.name, "options": sorted(options), "roles": sorted(roles)}
    if before and before not in (seen, wanted):
        raise StaleTemplateError
    namesakes = AccessTemplate.objects.filter(operator=operator, name__iexact=template.name)
    if namesakes.exclude(pk=template.pk).exists():
        raise ValidationError({"name": "Ya existe una plantilla con ese nombre"})
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError as error:
        raise ValidationError({"name": "Ya existe una plantilla con ese nombre"}) from error
    template.options.set(options)
    template.roles.set(roles)
    if wanted != before:
        record("template.saved", actor=actor, operator=operator, before=before, after=wanted)
    return template


@transaction.atomic
def delete_template(*, actor: Actor, template: AccessTemplate) -> None:
    """Take a template away; whoever was given its options and roles keeps them."""
    template = _own_template(actor, template)
    record(
        "template.deleted",
        actor=actor,
        operator=template.operator,
        before=template_facts(template),
    )
    template.delete()


def _own_template(actor: Actor, template: AccessTemplate) -> AccessTemplate:
    tenancy.require_principal(actor.user)
    if template.operator_id != actor.user.operator_id:
        raise PermissionDenied("Esa plantilla no es de su empresa.")
    return AccessTemplate.objects.select_for_update().get(pk=template.pk)


def template_facts(template: AccessTemplate) -> dict:
    """What a template is, as it travels in a form and stands in an entry."""
    return {
        "name": template.name,
        "options": sorted(template.options.values_list("code", flat=True)),
        "roles": sorted(template.roles.values_list("code", flat=True)),
    }


def _lock(user: User) -> None:
    """Under this lock two editors of the same user take turns."""
    if User.objects.select_for_update().get(pk=user.pk).state == User.State.ELIMINATED:
        raise PermissionDenied("Ese usuario fue eliminado.")


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
    _load_templates(catalog.templates, tally)
    return tally


def _load_templates(rows: list[dict], tally: dict[str, int]) -> None:
    """The ready templates. One that leaves is deleted: nothing refers to it."""
    known = {
        template.operator_type_id: template
        for template in AccessTemplate.objects.filter(operator_type__isnull=False)
    }
    for row in rows:
        template = known.pop(row["operator_type"], None)
        before = template_facts(template) if template else {}
        template = template or AccessTemplate(operator_type_id=row["operator_type"])
        template.name = row["name"]
        try:
            template.clean_fields()
        except ValidationError as error:
            raise CatalogError([f"{row['name']}: {text}" for text in error.messages]) from error
        wanted = {key: sorted({*row[key]}) for key in ("options", "roles")}
        wanted["name"] = row["name"]
        if before == wanted:
            tally["unchanged"] += 1
            continue
        template.save()
        template.options.set(row["options"])
        template.roles.set(row["roles"])
        tally["changed" if before else "created"] += 1
    AccessTemplate.objects.filter(pk__in=[template.pk for template in known.values()]).delete()
    tally["retired"] += len(known)


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
