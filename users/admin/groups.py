"""The administration of groups of staff permissions."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group

from users.admin.lists import FoldedNameSearch, NumberedRows, StrictList
from users.admin.pages import SpanishPermissions

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(NumberedRows, SpanishPermissions, FoldedNameSearch, StrictList, DjangoGroupAdmin):
    pass
