from django.contrib import admin

from operators.models import OperatorType


@admin.register(OperatorType)
class OperatorTypeAdmin(admin.ModelAdmin):
    """The types come with the catalogue; here only their wording is corrected."""

    list_display = ["name", "code", "source"]
    readonly_fields = ["code"]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
