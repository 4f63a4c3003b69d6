"""The catalogue as a file: it is downloaded, corrected, looked at and applied."""

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone

from profiles.catalog import export, reading, sheet
from profiles.catalog.loading import Changes, load_catalog, preview
from profiles.catalog.permissions import may_import
from profiles.spreadsheet import KINDS, file_response
from profiles.tables import toml_text
from users.admin.pages import acting, form_page, page
from users.history.wording import fact_label, fact_value
from users.models import AuditEntry
from users.stale import StaleError

# How long a preview can be applied, in seconds, and who signs it.
PREVIEW_AGE = 24 * 60 * 60
SALT = "profiles.catalog"
# Rows of one list of the preview.
MOST_SHOWN = 200


class CatalogFileForm(forms.Form):
    """A catalogue file. ``catalog`` holds it, read and checked."""

    file = forms.FileField(
        label="Archivo del catálogo",
        help_text=f"De Excel (XLSX), CSV o TOML, de hasta {toml_text.MAX_BYTES // 1024} KB.",
        error_messages={
            "required": "Elija el archivo del catálogo",
            "invalid": "Elija el archivo del catálogo",
            "missing": "Elija el archivo del catálogo",
            "empty": "El archivo está vacío",
        },
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.toml"}),
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        try:
            if file.size > toml_text.MAX_BYTES:
                raise reading.CatalogError([reading.Problem(toml_text.TOO_BIG)])
            read = reading if file.name.lower().endswith(".toml") else sheet
            self.catalog = read.read_file(file)
        except reading.CatalogError as error:
            raise ValidationError(error.problems) from error
        return file


def plan_of(user, catalog: reading.Catalog, changes: Changes) -> str:
    """Return the catalogue of a preview and the changes that it shows, signed for this user."""
    held = [user.pk, changes.fingerprint, catalog.lists()]
    return signing.dumps(held, salt=SALT, compress=True)


def read_plan(user, plan: str) -> tuple[str, reading.Catalog] | None:
    """Return the fingerprint and the catalogue of a plan; None if it is too old or not the user's."""
    try:
        owner, seen, lists = signing.loads(plan, salt=SALT, max_age=PREVIEW_AGE)
    except signing.BadSignature:
        return None
    return (seen, reading.checked(lists)) if owner == user.pk else None


class CatalogFilePages:
    """Mixin of the administration of options: adds the pages of the whole catalogue."""

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("importar/", view(self.import_view), name="profiles_option_import"),
            path("importar/aplicar/", view(self.apply_view), name="profiles_option_apply"),
            path("catalogo.<str:kind>", view(self.export_view), name="profiles_option_export"),
            path("original.toml", view(self.shipped_view), name="profiles_option_shipped"),
            *super().get_urls(),
        ]

    def export_view(self, request, kind):
        """Return the catalogue as it is now; importing it changes nothing."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if kind != "toml" and kind not in KINDS:
            raise Http404
        catalog = export.current_catalog()
        if kind != "toml":
            return file_response(kind, sheet.rows_of(catalog), "catalogo")
        name = f"catalogo-{timezone.localdate():%Y-%m-%d}.toml"
        content = "".join(export.toml_of(catalog.lists())).encode()
        return FileResponse(
            [content], as_attachment=True, filename=name, content_type="application/toml"
        )

    def shipped_view(self, request):
        """Return the catalogue file that comes with the portal."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return FileResponse(
            reading.CATALOG_FILE.open("rb"), as_attachment=True, filename="catalogo-original.toml"
        )

    def import_view(self, request):
        if not may_import(request.user):
            raise PermissionDenied
        form = CatalogFileForm()
        if request.method == "POST":
            form = CatalogFileForm(request.POST, request.FILES)
            if form.is_valid():
                try:
                    return self.preview_page(request, form.catalog)
                except reading.CatalogError as error:
                    form.add_error("file", error.problems)
        return form_page(
            self,
            request,
            form,
            title="Catálogo",
            submit="Ver los cambios",
            intro_template="admin/profiles/import_intro.html",
            columns=sheet.COLUMNS,
        )

    def apply_view(self, request):
        """Apply a preview, if it would still do what it showed."""
        if not may_import(request.user):
            raise PermissionDenied
        plan = read_plan(request.user, request.POST.get("plan", ""))
        if plan is None:
            messages.warning(request, "La vista previa ya no sirve. Elija el archivo otra vez.")
            return HttpResponseRedirect(reverse("admin:profiles_option_import"))
        seen, catalog = plan
        try:
            tally = load_catalog(catalog, actor=acting(request), seen=seen)
        except StaleError:
            messages.warning(
                request,
                "El catálogo cambió desde esta vista previa. No se aplicó nada: revísela otra vez.",
            )
            return self.preview_page(request, catalog)
        result = (
            "filas nuevas: {created}, cambiadas: {changed}, retiradas: {retired}, "
            "sin cambios: {unchanged}.".format(**tally)
        )
        messages.success(request, f"Se ha importado el catálogo: {result}")
        return HttpResponseRedirect(reverse("admin:profiles_option_changelist"))

    def preview_page(self, request, catalog: reading.Catalog):
        """Show what the catalogue would change. Raises CatalogError."""
        changes = preview(catalog, actor=acting(request))
        moved = [entry for entry in changes.by_outcome["changed"] if _is_only_moved(entry)]
        changed = [entry for entry in changes.by_outcome["changed"] if entry not in moved]
        lists = [
            ("Nuevas", changes.by_outcome["created"]),
            ("Cambian", changed),
            ("Se retiran", changes.by_outcome["retired"]),
        ]
        return page(
            self,
            request,
            "admin/profiles/catalog_preview.html",
            title="Lo que cambiaría en el catálogo",
            plan=plan_of(request.user, catalog, changes) if changes.entries else "",
            lists=[(name, len(rows), [*map(_shown, rows[:MOST_SHOWN])]) for name, rows in lists],
            most_shown=MOST_SHOWN,
            moved=len(moved),
            unchanged=changes.tally["unchanged"],
            notes=catalog.notes,
        )


def _differing(entry: AuditEntry) -> list[str]:
    both = entry.before and entry.after
    return [name for name in entry.after if entry.before.get(name) != entry.after[name]] if both else []  # fmt: skip


def _is_only_moved(entry: AuditEntry) -> bool:
    return _differing(entry) == ["position"]


def _shown(entry: AuditEntry) -> dict:
    """Return the row of the catalogue, and each of its values that changes."""
    facts = {**entry.before, **entry.after}
    return {
        "kind": facts["kind"],
        "code": facts.get("code") or facts["operator_type"],
        "name": entry.before.get("name") or facts["name"],
        "facts": [_values(entry, name) for name in _differing(entry) if name != "position"],
    }


def _values(entry: AuditEntry, name: str) -> tuple[str, str, str]:
    """Return the label of a value, what it was and what it will be; of a list, what differs."""
    before, after = entry.before[name], entry.after[name]
    if isinstance(after, list):
        removed, added = ([*sorted({*a} - {*b})] for a, b in ((before, after), (after, before)))
        before, after = (
            f"{word}: {', '.join(codes)}" if codes else ""
            for word, codes in (("Se quita", removed), ("Se añade", added))
        )
    label = fact_label(entry.action, name)
    both = ("" if value is None else value for value in (before, after))
    return label, *(fact_value(entry.action, name, value) for value in both)
