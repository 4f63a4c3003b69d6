"""The grants of all accounts, read-only for staff."""

from django.contrib import admin

from profiles.models import OptionGrant, RoleGrant
from users.admin.lists import FoldedSearch, LongList
from users.admin.pages import ReadOnly


class GrantAdmin(ReadOnly, LongList, FoldedSearch, admin.ModelAdmin):
    linked_by = ("user__id__exact",)

    @admin.display(description="RUC")
    def ruc(self, grant):
        return grant.user.operator.ruc


@admin.register(OptionGrant)
class OptionGrantAdmin(GrantAdmin):
    list_display = ["user", "ruc", "option_code", "option", "granted_at", "granted_by"]
    list_filter = ["option__profile", "user__state", "user__operator__operator_types"]
    list_select_related = ["user__operator", "option", "granted_by"]
    search_fields = ["user__search_text", "user__operator__ruc", "option__code", "option__name"]
    search_help_text = "RUC, usuario, nombres, documento, o código o nombre de la opción"

    @admin.display(description="código")
    def option_code(self, grant):
        return grant.option_id


@admin.register(RoleGrant)
class RoleGrantAdmin(GrantAdmin):
    list_display = ["user", "ruc", "role_code", "role", "granted_at", "granted_by"]
    list_filter = ["role__operator_type", "user__state"]
    list_select_related = ["user__operator", "role", "granted_by"]
    search_fields = ["user__search_text", "user__operator__ruc", "role__code", "role__name"]
    search_help_text = "RUC, usuario, nombres, documento, o código o nombre del rol"

    @admin.display(description="código")
    def role_code(self, grant):
        return grant.role_id
