"""Outside ``portal.apps``, where Django would take it for the configuration of the portal."""

from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    default_site = "portal.staff_site.StaffSite"
