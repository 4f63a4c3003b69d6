"""The administration of the catalogue and of the grants, for staff."""

from profiles.admin import catalog, classrooms, grants

# Django imports this package; importing a module registers its models.
__all__ = ["catalog", "classrooms", "grants"]
