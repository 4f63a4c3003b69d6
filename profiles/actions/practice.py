"""What a reset of a practice company does to its templates and loads."""

from django.db import transaction

from operators.models import Operator
from profiles.actions.templates import delete_template
from profiles.models import AccessTemplate, LoadPlan
from users.history.recording import Actor
from users.models import delete_in_order, lock_in_order


@transaction.atomic
def delete_templates_and_plans(sender, actor: Actor, operator: Operator, **signal) -> None:
    """Delete what a practice company has made; a receiver of ``practice_company_reset``."""
    delete_in_order(LoadPlan.objects.filter(operator=operator))
    keys = lock_in_order(operator.access_templates.all())
    for template in AccessTemplate.objects.filter(pk__in=keys):
        delete_template(actor=actor, template=template)
