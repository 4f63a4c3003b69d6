"""The administration of groups of staff permissions, for superusers."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group

from users.actions import staff
from users.admin.lists import FoldedNameSearch, NumberedRows, StrictList
from users.admin.pages import SpanishPermissions, SuperusersOnly, acting

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(
    SuperusersOnly, NumberedRows, SpanishPermissions, FoldedNameSearch, StrictList, DjangoGroupAdmin
):
    """Staff with the permission to change groups could give its own group every other one."""

    filter_horizontal = ()

    def history_of(self, row):
        return {"fila": row.name}

    def save_model(self, request, obj, form, change):
        chosen = form.cleaned_data["permissions"]
        staff.save_group(actor=acting(request), group=obj, permissions=chosen)

    def save_related(self, request, form, formsets, change):
        """Do nothing: the action has saved the permissions in its transaction."""

    def delete_model(self, request, obj):
        staff.delete_group(actor=acting(request), group=obj)

    def delete_queryset(self, request, queryset):
        for group in queryset:
            staff.delete_group(actor=acting(request), group=group)
