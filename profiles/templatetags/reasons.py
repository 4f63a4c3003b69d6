"""The reasons of a verdict, and the roles that it asks for, in templates."""

from django import template

register = template.Library()


@register.simple_tag
def for_admin(reason, account) -> str:
    """Return the sentence of a reason for the principal who administers the account."""
    return reason.for_admin.format(account.username)


@register.filter
def either(names) -> str:
    """Return the names as alternatives: «A», «A o B», «A, B o C»."""
    *first, last = map(str, names)
    return f"{', '.join(first)} o {last}" if first else last
