"""The administration of the catalogue and of the grants, for staff."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.text import Truncator

from operators.models import OperatorType
from profiles.catalog import reading
from profiles.catalog.loading import load_catalog
from profiles.catalog.rows import save_row
from profiles.models import Option, OptionGrant, Profile, Role, RoleGrant
from users.admin.lists import FoldedNameSearch, FoldedSearch, LongList, StrictList
from users.admin.pages import NeverDeleted, ReadOnly, acting, form_page

CATALOG = (OperatorType, Profile, Role, Option)


def may_import(user) -> bool:
    """Whether the user may write the whole catalogue, as a file of it does."""
    return user.has_perms(
        f"{model._meta.app_label}.{verb}_{model._meta.model_name}"
        for model in CATALOG
        for verb in ("add", "change")
    )


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


class CatalogFileForm(forms.Form):
    """A catalogue file. ``catalog`` holds it, read and checked."""

    file = forms.FileField(
        label="Archivo del catálogo",
        help_text=f"Un archivo TOML, en UTF-8, de hasta {reading.MAX_BYTES // 1024} KB.",
        error_messages={
            "required": "Elija el archivo del catálogo",
            "invalid": "Elija el archivo del catálogo",
            "missing": "Elija el archivo del catálogo",
            "empty": "El archivo está vacío",
        },
        widget=forms.FileInput(attrs={"accept": ".toml"}),
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        try:
            self.catalog = reading.read_file(file)
        except reading.CatalogError as error:
            raise ValidationError(error.problems) from error
        return file


class OfferedFilter(admin.RelatedFieldListFilter):
    """Replaces the title that Django takes from the field, «se ofrece a»."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.title = "tipo de operador al que se ofrece"


@admin.register(Option)
class OptionAdmin(CatalogRowAdmin):
    form = OptionForm
    list_display = ["code", "name", "is_folder", "is_retired", "parent", "profile", "origin"]
    list_display_links = ["code", "name"]
    list_filter = ["profile", "is_folder", "is_retired", ("operator_types", OfferedFilter)]
    list_select_related = ["profile", "parent"]
    filter_horizontal = ["roles"]
    # Grants refer to leaves and leaves to folders: a leaf never becomes a folder, nor the reverse.
    given_once = ["code", "is_folder"]
    fieldsets = [
        (None, {"fields": ["code", "name", "profile", "is_folder", "parent", "purpose"]}),
        ("A quién se ofrece", {"fields": ["operator_types", "roles"]}),
        ("Catálogo", {"fields": ["source", "position", "is_retired"]}),
    ]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "operator_types":
            kwargs["widget"] = forms.CheckboxSelectMultiple
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        # The tree may have the same name twice.
        if db_field.name == "parent":
            field.label_from_instance = lambda row: f"{row.code} · {row.name}"
        elif db_field.name == "roles":
            field.label_from_instance = lambda row: f"{row.name} · {row.code}"
        return field

    def get_urls(self):
        page = self.admin_site.admin_view
        return [
            path("importar/", page(self.import_view), name="profiles_option_import"),
            path("catalogo.toml", page(self.shipped_view), name="profiles_option_shipped"),
            *super().get_urls(),
        ]

    def shipped_view(self, request):
        """Return the catalogue file that comes with the portal, as an example of the format."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return FileResponse(
            reading.CATALOG_FILE.open("rb"), as_attachment=True, filename="catalogo.toml"
        )

    def import_view(self, request):
        if not may_import(request.user):
            raise PermissionDenied
        form = CatalogFileForm()
        if request.method == "POST":
            form = CatalogFileForm(request.POST, request.FILES)
            if form.is_valid() and self.load(request, form):
                return HttpResponseRedirect(reverse("admin:profiles_option_changelist"))
        return form_page(
            self,
            request,
            form,
            title="Importar catálogo",
            submit="Importar",
            intro_template="admin/profiles/import_intro.html",
        )

    def load(self, request, form: CatalogFileForm) -> bool:
        """Load the catalogue; return False with the problems on the form."""
        try:
            tally = load_catalog(form.catalog, actor=acting(request))
        except reading.CatalogError as error:
            form.add_error("file", error.problems)
            return False
        result = (
            "filas nuevas: {created}, cambiadas: {changed}, retiradas: {retired}, "
            "sin cambios: {unchanged}.".format(**tally)
        )
        messages.success(request, f"Se ha importado el catálogo: {result}")
        return True


class GrantAdmin(ReadOnly, LongList, FoldedSearch, admin.ModelAdmin):
    linked_by = ("user__id__exact",)

    @admin.display(description="RUC")
    def ruc(self, grant):
        return grant.user.operator.ruc


@admin.register(OptionGrant)
class OptionGrantAdmin(GrantAdmin):
    list_display = ["user", "ruc", "option_id", "option", "granted_at", "granted_by"]
    list_filter = ["option__profile", "user__state", "user__operator__operator_types"]
    list_select_related = ["user__operator", "option", "granted_by"]
    search_fields = ["user__search_text", "user__operator__ruc", "option__code", "option__name"]
    search_help_text = "RUC, usuario, nombres, documento, o código o nombre de la opción"


@admin.register(RoleGrant)
class RoleGrantAdmin(GrantAdmin):
    list_display = ["user", "ruc", "role_id", "role", "granted_at", "granted_by"]
    list_filter = ["role__operator_type", "user__state"]
    list_select_related = ["user__operator", "role", "granted_by"]
    search_fields = ["user__search_text", "user__operator__ruc", "role__code", "role__name"]
    search_help_text = "RUC, usuario, nombres, documento, o código o nombre del rol"
