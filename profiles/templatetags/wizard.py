"""The steps of the wizard, for the screens of its first step, which stand in another app."""

from django import template

from profiles.views import wizard

register = template.Library()


@register.simple_tag
def wizard_step(number: int) -> wizard.Step:
    return wizard.STEPS[number - 1]
