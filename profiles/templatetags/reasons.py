"""The reasons of a verdict, in templates."""

from django import template

register = template.Library()


@register.simple_tag
def for_admin(reason, account) -> str:
    """Return the sentence of a reason for the principal who administers the account."""
    return reason.for_admin.format(account.username)
