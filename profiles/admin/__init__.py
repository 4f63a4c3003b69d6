"""The administration of the catalogue, aulas, exercises and grants, for staff."""

from profiles.admin import catalog, classrooms, exercises, grants

# Django imports this package; importing a module registers its models.
__all__ = ["catalog", "classrooms", "exercises", "grants"]
