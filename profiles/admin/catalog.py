"""The rows of the catalogue, corrected one by one."""

from django import forms
from django.contrib import admin
from django.utils.text import Truncator

from operators.models import OperatorType
from profiles.admin.catalog_file import CatalogFilePages
from profiles.catalog import reading
from profiles.catalog.permissions import may_import
from profiles.catalog.rows import save_row
from profiles.models import Option, Profile, Role
from users.admin.lists import FoldedNameSearch, StrictList
from users.admin.pages import NeverDeleted, acting


class CatalogRowAdmin(NeverDeleted, FoldedNameSearch, StrictList, admin.ModelAdmin):
    """A row of the catalogue. Its code identifies it, so the code is set once. It is retired, not
    deleted."""

    change_list_template = "admin/profiles/catalog_change_list.html"
    search_fields = ["code", "name"]
    search_help_text = "Código o nombre"
    given_once = ["code"]

    def changelist_view(self, request, extra_context=None):
        may = {"may_import": may_import(request.user)}
        return super().changelist_view(request, {**may, **(extra_context or {})})

    def save_model(self, request, obj, form, change):
        names = {field.name for field in obj._meta.many_to_many} & form.cleaned_data.keys()
        links = {name: form.cleaned_data[name] for name in names}
        save_row(actor=acting(request), row=obj, links=links)

    def save_related(self, request, form, formsets, change):
        """Do nothing: the action has saved the links in its transaction."""

    def get_readonly_fields(self, request, obj=None):
        return self.given_once if obj else []

    @admin.display(description="fuente", ordering="source")
    def origin(self, row):
        return Truncator(row.source).chars(40)


@admin.register(OperatorType)
class OperatorTypeAdmin(CatalogRowAdmin):
    """Types of operator: the catalogue creates them, staff corrects their wording."""

    list_display = ["name", "code", "source"]

    def has_add_permission(self, request):
        return False


@admin.register(Profile)
class ProfileAdmin(CatalogRowAdmin):
    list_display = ["name", "code", "position", "is_retired", "origin"]
    list_filter = ["is_retired"]
    fields = ["code", "name", "source", "position", "is_retired"]


@admin.register(Role)
class RoleAdmin(CatalogRowAdmin):
    list_display = ["name", "code", "operator_type", "is_retired", "origin"]
    list_filter = ["operator_type", "is_retired"]
    list_select_related = ["operator_type"]
    fields = ["code", "name", "operator_type", "permits", "source", "position", "is_retired"]


class OptionForm(forms.ModelForm):
    """The rules of the catalogue file, for one row written by hand."""

    def clean(self):
        cleaned = super().clean()
        roles = cleaned.get("roles") or ()
        problems = reading.option_problems(
            is_folder=cleaned.get("is_folder", self.instance.is_folder),
            purpose=cleaned.get("purpose", ""),
            operator_types={kind.pk for kind in cleaned.get("operator_types") or ()},
            types_of_roles={role.operator_type_id for role in roles},
        )
        for field, problem in problems.items():
            self.add_error(field, problem)
        if "profile" in self.changed_data and self.instance.children.exists():
            self.add_error("profile", "Lo que contiene esta carpeta es de su perfil actual.")
        return cleaned


class OfferedFilter(admin.RelatedFieldListFilter):
    """Replaces the title that Django takes from the field, «se ofrece a»."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.title = "tipo de operador al que se ofrece"


@admin.register(Option)
class OptionAdmin(CatalogFilePages, CatalogRowAdmin):
    form = OptionForm
    list_display = ["code", "name", "is_folder", "is_retired", "parent", "profile", "origin"]
    list_display_links = ["code", "name"]
    list_filter = ["profile", "is_folder", "is_retired", ("operator_types", OfferedFilter)]
    list_select_related = ["profile", "parent"]
    # Grants refer to leaves and leaves to folders: a leaf never becomes a folder, nor the reverse.
    given_once = ["code", "is_folder"]
    fieldsets = [
        (None, {"fields": ["code", "name", "profile", "is_folder", "parent", "purpose"]}),
        ("A quién se ofrece", {"fields": ["operator_types", "roles"]}),
        ("Catálogo", {"fields": ["source", "position", "is_retired"]}),
    ]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name in ("operator_types", "roles"):
            kwargs["widget"] = forms.CheckboxSelectMultiple
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        # The tree may have the same name twice.
        if db_field.name == "parent":
            field.label_from_instance = lambda row: f"{row.code} · {row.name}"
        elif db_field.name == "roles":
            field.label_from_instance = lambda row: f"{row.name} · {row.code}"
        return field
