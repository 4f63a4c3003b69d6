"""Outside ``portal.apps``, where Django would take it for the configuration of the portal."""

from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.templatetags import admin_list


def yes_or_no(value) -> str:
    """Return the word for a value that Django shows as a picture whose text is English."""
    return {True: "Sí", False: "No"}.get(value, "-")


class StaffAdminConfig(AdminConfig):
    default_site = "portal.staff_site.StaffSite"

    def ready(self):
        super().ready()
        admin_list._boolean_icon = yes_or_no
