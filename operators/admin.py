from django.contrib import admin

from operators.models import OperatorType


@admin.register(OperatorType)
class OperatorTypeAdmin(admin.ModelAdmin):
    """Types of operator: the catalogue creates them, staff corrects their wording."""

    list_display = ["name", "code", "source"]
    readonly_fields = ["code"]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
