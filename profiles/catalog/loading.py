"""Load a catalogue into the database, or tell what loading it would do."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction

from operators.models import OperatorType
from profiles.catalog.reading import Catalog, CatalogError, Problem, is_folder
from profiles.catalog.rows import column_facts, in_order, row_entry, row_facts
from profiles.models import AccessTemplate, Option, Profile, Role
from users.history.recording import Actor, record_all
from users.models import AuditEntry
from users.stale import StaleError


@dataclass
class Changes:
    """What a load does: how many rows have which outcome, and the unsaved entry of each change."""

    tally: Counter = field(default_factory=Counter)
    by_outcome: dict[str, list[AuditEntry]] = field(
        default_factory=lambda: {"created": [], "changed": [], "retired": []}
    )

    @property
    def entries(self) -> list[AuditEntry]:
        return [entry for entries in self.by_outcome.values() for entry in entries]

    @property
    def fingerprint(self) -> str:
        """Identify the changes: the same catalogue changes the same rows as long as none changes."""
        facts = [[entry.action, entry.before, entry.after] for entry in self.entries]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def load_catalog(catalog: Catalog, *, actor: Actor, seen: str | None = None) -> dict[str, int]:
    """Make the database equal to the catalogue; loading is idempotent.

    Rows that are no longer in the file are retired, never deleted: grants and history refer to
    them. Each row that changes leaves its entry in the history. Returns how many rows were created,
    changed, retired and unchanged. Raises CatalogError for a value that a column cannot hold, and
    StaleError when the changes are no longer those of the preview with the fingerprint ``seen``;
    then nothing is loaded.
    """
    changes = _load(catalog, actor)
    if seen is not None and changes.fingerprint != seen:
        raise StaleError(None)
    record_all(changes.entries)
    return {name: changes.tally[name] for name in ("created", "changed", "retired", "unchanged")}


def preview(catalog: Catalog, *, actor: Actor) -> Changes:
    """Return what loading the catalogue would do now; nothing is changed. Raises CatalogError."""
    with transaction.atomic():
        changes = _load(catalog, actor)
        transaction.set_rollback(True)
    return changes


def _load(catalog: Catalog, actor: Actor) -> Changes:
    load = _Load(actor, catalog)
    load.rows(OperatorType, "operator_types", _plain_values)
    load.rows(Profile, "profiles", _plain_values)
    load.rows(Role, "roles", _role_values)
    load.rows(Option, "options", _option_values)
    load.templates(catalog.templates)
    return load.changes


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


class _Load:
    """The writing of one catalogue."""

    def __init__(self, actor: Actor, catalog: Catalog) -> None:
        self.actor, self.catalog = actor, catalog
        self.changes = Changes()

    def rows(self, model, kind: str, values_of) -> None:
        rows = getattr(self.catalog, kind)
        known = model.objects.in_bulk()
        retires = hasattr(model, "is_retired")
        # Rows in the order that they have keep their positions: a position set by hand stays.
        stays = [row.pk for row in in_order(known.values())] == [row["code"] for row in rows]
        for index, row in enumerate(rows):
            position = known[row["code"]].position if stays else index + 1
            values = {**values_of(row), "position": position}
            if retires:
                values["is_retired"] = False
            links = {
                field.name: sorted({*row.get(field.name, [])}) for field in model._meta.many_to_many
            }
            instance = known.pop(row["code"], None)
            before = row_facts(instance) if instance else {}
            instance = instance or model(code=row["code"])
            for name, value in values.items():
                setattr(instance, name, value)
            after = column_facts(instance) | links
            if before != after:
                self.check(instance.full_clean, kind, index, row["code"])
                instance.save(force_insert=not before)
                for name, codes in links.items():
                    getattr(instance, name).set(codes)
            self.count(instance, before, after)
        for leaving in known.values() if retires else ():
            if not leaving.is_retired:
                before = row_facts(leaving)
                leaving.is_retired = True
                leaving.save(update_fields=["is_retired"])
                self.count(leaving, before, before | {"is_retired": True}, outcome="retired")

    def templates(self, rows: list[dict]) -> None:
        """Load the ready-made templates. One that is no longer in the file is deleted: nothing refers to it."""
        known = {
            template.operator_type_id: template
            for template in AccessTemplate.objects.filter(operator_type__isnull=False)
        }
        for index, row in enumerate(rows):
            template = known.pop(row["operator_type"], None)
            before = _template_facts(template) if template else {}
            template = template or AccessTemplate(operator_type_id=row["operator_type"])
            template.name = row["name"]
            self.check(template.clean_fields, "templates", index, row["operator_type"])
            codes = {key: sorted({*row[key]}) for key in ("options", "roles")}
            after = {"operator_type": row["operator_type"], "name": row["name"], **codes}
            if before != after:
                template.save()
                template.options.set(codes["options"])
                template.roles.set(codes["roles"])
            self.count(template, before, after)
        for template in known.values():
            self.count(template, _template_facts(template), {}, outcome="retired")
            template.delete()

    def check(self, clean, kind: str, index: int, code: str) -> None:
        """Raise CatalogError for what the row's own fields refuse."""
        try:
            clean()
        except ValidationError as error:
            raise CatalogError(
                [
                    Problem(sentence, kind, index, column, code)
                    for column, sentences in error.message_dict.items()
                    for sentence in sentences
                ],
                self.catalog.place,
            ) from error

    def count(self, row, before: dict, after: dict, *, outcome: str = "") -> None:
        outcome = outcome or ("changed" if before else "created")
        if before == after:
            outcome = "unchanged"
        else:
            self.changes.by_outcome[outcome].append(row_entry(self.actor, row, before, after))
        self.changes.tally[outcome] += 1


def _template_facts(template: AccessTemplate) -> dict:
    return {"operator_type": template.operator_type_id, **template.facts()}
