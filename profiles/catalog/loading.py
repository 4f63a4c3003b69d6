"""Load a catalogue into the database."""

from django.core.exceptions import ValidationError
from django.db import transaction

from operators.models import OperatorType
from profiles.catalog.reading import Catalog, CatalogError, is_folder
from profiles.models import AccessTemplate, Option, Profile, Role


@transaction.atomic
def load_catalog(catalog: Catalog) -> dict[str, int]:
    """Make the database equal to the catalogue; loading is idempotent.

    Rows that are no longer in the file are retired, never deleted: grants and history refer to
    them. Returns how many rows were created, changed, retired and unchanged. Raises CatalogError
    for a value that a column cannot hold; then nothing is loaded.
    """
    tally = {"created": 0, "changed": 0, "retired": 0, "unchanged": 0}
    _load_rows(OperatorType, catalog.operator_types, tally, _plain_values)
    _load_rows(Profile, catalog.profiles, tally, _plain_values)
    _load_rows(Role, catalog.roles, tally, _role_values)
    _load_rows(Option, catalog.options, tally, _option_values)
    _load_templates(catalog.templates, tally)
    return tally


def _load_templates(rows: list[dict], tally: dict[str, int]) -> None:
    """Load the ready-made templates. One that is no longer in the file is deleted: nothing refers to it."""
    known = {
        template.operator_type_id: template
        for template in AccessTemplate.objects.filter(operator_type__isnull=False)
    }
    for row in rows:
        template = known.pop(row["operator_type"], None)
        before = template.facts() if template else {}
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
