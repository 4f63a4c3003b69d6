"""Who may write the whole catalogue."""

TABLES = (
    "operators.{}_operatortype",
    "profiles.{}_profile",
    "profiles.{}_role",
    "profiles.{}_option",
)


def may_import(user) -> bool:
    """Whether the user may write the whole catalogue, as a file of it does."""
    return user.has_perms(table.format(verb) for table in TABLES for verb in ("add", "change"))
