from django import template

register = template.Library()


@register.simple_tag
def for_admin(reason, account) -> str:
    """The sentence of a reason for whoever administers the account."""
    return reason.for_admin.format(account.username)
