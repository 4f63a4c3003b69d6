"""What the screens of the first step show of the wizard: they stand in another app."""

from django import template

from profiles.models import AccessTemplate
from profiles.views import wizard

register = template.Library()


@register.simple_tag
def wizard_step(number: int) -> wizard.Step:
    return wizard.STEPS[number - 1]


@register.simple_tag(takes_context=True)
def offered_templates(context):
    """Return the templates that the operator of the signed-in user is offered."""
    return AccessTemplate.objects.offered_to(context["user"].operator)


@register.simple_tag(takes_context=True)
def chosen_template(context) -> AccessTemplate | None:
    """Return the template that the address names, if the operator is offered it."""
    return AccessTemplate.objects.chosen(context["user"].operator, context["request"].GET)
