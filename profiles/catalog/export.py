"""The catalogue of the database as a file that can be imported again."""

import json
from collections.abc import Iterator, Mapping

from operators.models import OperatorType
from profiles.catalog.reading import Catalog, catalog_of
from profiles.catalog.rows import in_order
from profiles.models import AccessTemplate, Option, Profile, Role


def current_catalog() -> Catalog:
    """Return the catalogue as the database has it, without what is retired."""
    roles = in_order(Role.objects.all())
    options = in_order(Option.objects.prefetch_related("operator_types", "roles"))
    offered = {role.pk for role in roles}
    return catalog_of(
        {
            "operator_types": [_plain(row) for row in in_order(OperatorType.objects.all())],
            "profiles": [_plain(row) for row in in_order(Profile.objects.all())],
            "roles": [
                {**_plain(row), "operator_type": row.operator_type_id, "permits": row.permits}
                for row in roles
            ],
            "options": [_option(row, offered) for row in options],
            "templates": [
                {"operator_type": template.operator_type_id, **template.facts()}
                for template in AccessTemplate.objects.filter(operator_type__isnull=False).order_by(
                    "operator_type__position"
                )
            ],
        }
    )


def _plain(row) -> dict:
    return {"code": row.code, "name": row.name, "source": row.source}


def _option(row: Option, offered: set[str]) -> dict:
    values = {**_plain(row), "profile": row.profile_id}
    if row.parent_id:
        values["parent"] = row.parent_id
    if row.purpose:
        values["purpose"] = row.purpose
    if not row.is_folder:
        values["operator_types"] = [kind.pk for kind in row.operator_types.all()]
        values["roles"] = [role.pk for role in row.roles.all() if role.pk in offered]
    return values


def toml_of(lists: Mapping[str, list[dict]]) -> Iterator[str]:
    """Yield the lines of a TOML file of these lists of rows. A string of JSON is one of TOML too."""
    for kind, rows in lists.items():
        yield f"{kind} = [\n"
        for row in rows:
            values = ", ".join(
                f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in row.items()
            )
            yield f"  {{ {values} }},\n"
        yield "]\n\n"
