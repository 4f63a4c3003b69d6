"""Load a catalogue into the database."""

from django.core.exceptions import ValidationError
from django.db import transaction

from operators.models import OperatorType
from profiles.catalog.reading import Catalog, CatalogError, is_folder
from profiles.catalog.rows import column_facts, row_entry, row_facts
from profiles.models import AccessTemplate, Option, Profile, Role
from users.history.recording import Actor, record_all
from users.models import AuditEntry


@transaction.atomic
def load_catalog(catalog: Catalog, *, actor: Actor) -> dict[str, int]:
    """Make the database equal to the catalogue; loading is idempotent.

    Rows that are no longer in the file are retired, never deleted: grants and history refer to
    them. Each row that changes leaves its entry in the history. Returns how many rows were created,
    changed, retired and unchanged. Raises CatalogError for a value that a column cannot hold; then
    nothing is loaded.
    """
    load = _Load(actor)
    load.rows(OperatorType, catalog.operator_types, _plain_values)
    load.rows(Profile, catalog.profiles, _plain_values)
    load.rows(Role, catalog.roles, _role_values)
    load.rows(Option, catalog.options, _option_values)
    load.templates(catalog.templates)
    record_all(load.entries)
    return load.tally


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


class _Load:
    """The writing of one catalogue: how many rows had which outcome, and their audit entries."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.tally = {"created": 0, "changed": 0, "retired": 0, "unchanged": 0}
        self.entries: list[AuditEntry] = []

    def rows(self, model, rows: list[dict], values_of) -> None:
        known = model.objects.in_bulk()
        retires = hasattr(model, "is_retired")
        for position, row in enumerate(rows, start=1):
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
                _check_row(instance)
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
        for row in rows:
            template = known.pop(row["operator_type"], None)
            before = _template_facts(template) if template else {}
            template = template or AccessTemplate(operator_type_id=row["operator_type"])
            template.name = row["name"]
            try:
                template.clean_fields()
            except ValidationError as error:
                raise CatalogError([f"{row['name']}: {text}" for text in error.messages]) from error
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

    def count(self, row, before: dict, after: dict, *, outcome: str = "") -> None:
        if before == after:
            self.tally["unchanged"] += 1
            return
        self.tally[outcome or ("changed" if before else "created")] += 1
        self.entries.append(row_entry(self.actor, row, before, after))


def _template_facts(template: AccessTemplate) -> dict:
    return {"operator_type": template.operator_type_id, **template.facts()}
