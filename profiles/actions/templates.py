"""Save and delete templates of access."""

from collections.abc import Iterable

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from profiles.actions.grants import NotOfferedError
from profiles.models import AccessTemplate, Option, Role
from users import tenancy
from users.history.recording import Actor, record
from users.stale import StaleError


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
    """Create a template of the actor's operator, or change the given ``template``.

    ``seen`` are the ``facts`` that the screen showed of an existing template. Raises StaleError
    with the present facts if they have changed since, unless they are already the wanted ones.
    Raises NotOfferedError for codes that the operator is not offered, ValidationError keyed by
    ``name`` or about the whole, and PermissionDenied for a template of another operator or a ready-made one.
    """
    tenancy.require_principal(actor.user)
    operator = actor.user.operator
    options, roles = frozenset(options), frozenset(roles)
    offered = Option.objects.offered_to(operator).codes()
    offered |= Role.objects.offered_to(operator).codes()
    if not_offered := (options | roles) - offered:
        raise NotOfferedError(not_offered)
    before = {}
    if template is None:
        template = AccessTemplate(operator=operator)
    else:
        template = _own_template(actor, template)
        before = template.facts()
    template.name = " ".join(name.split())
    problems = {}
    try:
        template.clean_fields()
    except ValidationError as error:
        problems = error.update_error_dict(problems)
    if not options and not roles:
        problems[NON_FIELD_ERRORS] = ["Marque al menos una opción o un rol"]
    if problems:
        raise ValidationError(problems)
    wanted = {"name": template.name, "options": sorted(options), "roles": sorted(roles)}
    if before and before not in (seen, wanted):
        raise StaleError(before)
    same_name = AccessTemplate.objects.filter(operator=operator, name__iexact=template.name)
    if same_name.exclude(pk=template.pk).exists():
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
    """Delete a template. Users who were given its options and roles keep them.

    Raises PermissionDenied for a ready-made template, and for an actor that does not administer
    the operator of the template.
    """
    template = _own_template(actor, template)
    record(
        "template.deleted",
        actor=actor,
        operator=template.operator,
        before=template.facts(),
    )
    template.delete()


def _own_template(actor: Actor, template: AccessTemplate) -> AccessTemplate:
    if template.is_ready_made:
        raise PermissionDenied("Esa plantilla no es de su empresa.")
    tenancy.require_administrator_of(actor.user, template.operator)
    return AccessTemplate.objects.select_for_update(no_key=True).get(pk=template.pk)
