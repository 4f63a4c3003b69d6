from django import template

register = template.Library()


@register.simple_tag
def about(reason, account) -> str:
    """The sentence of a reason for whoever administers the account."""
    return reason.about.format(account.username)
