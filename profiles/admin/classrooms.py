"""Aulas: staff opens one, prints its slips, names its trainees, resets, closes and reopens it."""

from collections.abc import Callable
from urllib.parse import urlencode

import segno
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables

from operators.models import Classroom
from operators.validators import validate_printable
from profiles.admin import board
from profiles.exercises import progress
from profiles.spreadsheet import file_response
from users.actions import classrooms
from users.admin.lists import FoldedNameSearch, StrictList
from users.admin.pages import NeverDeleted, acting, form_page, page, row_to_change
from users.admin.practice import of_practice
from users.forms.fields import number_field
from users.forms.practice import PracticeCompanyForm

PAGES = "admin/operators/classroom/"


class AulaForm(forms.Form):
    """A form about an aula, what its page says, and the action that takes its fields."""

    title = submit = intro = ""
    # Of the companies that it changes: only the open ones, or only the closed ones. None: all.
    is_for_open: bool | None = None
    action: Callable

    def arguments(self) -> dict:
        named = {"types": "operator_types", "creation_key": "key"}
        return {named.get(name, name): value for name, value in self.cleaned_data.items()}


class NamesField(forms.CharField):
    """Names, one in each line; an empty line leaves a company without."""

    widget = forms.Textarea(attrs={"rows": 12, "cols": 60})

    def __init__(self, **options):
        super().__init__(required=False, strip=False, **options)

    def clean(self, value) -> list[str]:
        return super().clean(value).rstrip().splitlines()


class NamesForm(AulaForm):
    """The names of the companies that an aula has; ``seen`` are those that the page showed."""

    title, submit = "Nombres de los alumnos", "Guardar"
    done = "Nombres que cambiaron: {}."
    action = staticmethod(classrooms.name_trainees)
    trainees = NamesField(
        label="Nombres de los alumnos",
        help_text="Uno por línea, en el orden de las empresas. Puede dejarlo vacío.",
    )
    seen = NamesField(widget=forms.HiddenInput)


class CompaniesForm(AulaForm):
    title, submit = "Añadir empresas", "Añadir"
    is_for_open = True
    action = staticmethod(classrooms.add_companies)
    number = number_field(
        "Cuántas empresas",
        classrooms.MOST_COMPANIES,
        classrooms.WRONG_NUMBER,
        help_text="Una por alumno, y alguna más por si acaso.",
    )
    trainees = NamesForm.base_fields["trainees"]
    creation_key = PracticeCompanyForm.base_fields["creation_key"]
    field_order = ("name", "types", "number", "days", "trainees", "is_exam")


class ClassroomForm(CompaniesForm):
    title, submit = "Abrir un aula", "Abrir el aula"
    action = staticmethod(classrooms.open_classroom)
    name = forms.CharField(
        label="Nombre del aula",
        max_length=80,
        validators=[validate_printable],
        error_messages={"required": "Escriba el nombre del aula"},
    )
    types = PracticeCompanyForm.base_fields["types"]
    days = PracticeCompanyForm.base_fields["days"]
    is_exam = forms.BooleanField(
        label="Es un examen",
        help_text="Sin pistas, y sin decir cómo se corrige lo que falta.",
        required=False,
    )


class ResetForm(AulaForm):
    title, submit = "Devolver todas a su inicio", "Devolver todas"
    done = "Empresas que están como al abrirlas: {}."
    is_for_open = True
    intro = (
        "Se elimina lo que los alumnos crearon y se cierran sus sesiones. La clave de cada empresa "
        "y el historial quedan. No se puede deshacer."
    )
    action = staticmethod(classrooms.reset)


class CloseForm(AulaForm):
    title = submit = "Cerrar el aula"
    done = "El aula está cerrada. Empresas que se cerraron: {}."
    is_for_open = True
    intro = "Ningún alumno podrá entrar hasta que la reabra. No se borra nada."
    action = staticmethod(classrooms.close)


class ReopenForm(AulaForm):
    title, submit = "Reabrir el aula", "Reabrir"
    done = "El aula está abierta. Empresas que cambiaron: {}."
    is_for_open = False
    intro = "Los alumnos entran con la clave que tienen y encuentran lo que hicieron."
    action = staticmethod(classrooms.reopen)
    days = PracticeCompanyForm.base_fields["days"]


# Of the pages of an aula that exists, by the last word of their address.
FORMS = {
    "mas": CompaniesForm,
    "alumnos": NamesForm,
    "inicio": ResetForm,
    "cerrar": CloseForm,
    "reabrir": ReopenForm,
}


@admin.register(Classroom)
class ClassroomAdmin(NeverDeleted, FoldedNameSearch, StrictList, admin.ModelAdmin):
    list_display = ["name", "opened_at", "practice_until", "is_open", "is_exam"]
    search_fields = ["name"]
    search_help_text = "Nombre del aula"

    def is_of_trainers(self, request, obj=None):
        """Ask for what practice companies need."""
        powers = ("operators.add_operator", "operators.change_operator")
        return settings.DEMO and request.user.has_perms(powers)

    has_module_permission = has_view_permission = is_of_trainers
    has_add_permission = has_change_permission = is_of_trainers

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("companies")

    @admin.display(description="abierta", boolean=True)
    def is_open(self, classroom):
        return classroom.is_open

    def history_of(self, row):
        return {"fila": row.name}

    def get_urls(self):
        pages = {word: (self.form_view, {"form_class": form}) for word, form in FORMS.items()}
        urls = [
            path(
                f"<path:object_id>/{word}/",
                self.admin_site.admin_view(view),
                arguments,
                name=f"operators_classroom_{word}",
            )
            for word, (view, arguments) in {**pages, "tablero": (self.board_view, {})}.items()
        ]
        urls += super().get_urls()
        for url in urls:
            url.callback = of_practice(url.callback)
        return urls

    def add_view(self, request, form_url="", extra_context=None):
        return self.form_view(request, ClassroomForm)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        return HttpResponseRedirect(reverse("admin:operators_classroom_tablero", args=[object_id]))

    @method_decorator(sensitive_variables())
    def form_view(self, request, form_class: type[AulaForm], object_id=""):
        """Ask, and do it; what adds companies answers with the sheet of their passwords."""
        about, companies = {}, []
        if object_id:
            about["classroom"] = row_to_change(self, request, object_id)
            companies = about["classroom"].companies.order_by("pk")
        elif not self.has_add_permission(request):
            raise PermissionDenied
        names = "\n".join(company.trainee for company in companies)
        initial = {"trainees": names, "seen": names} if form_class is NamesForm else {}
        form = form_class(request.POST if request.method == "POST" else None, initial=initial)
        if form.is_valid():
            try:
                done = form.action(actor=acting(request), **about, **form.arguments())
            except ValidationError as error:
                form.add_error(None, error)
            else:
                if isinstance(done, list):
                    return self.sheet(request, done)
                messages.success(request, form.done.format(done))
                return self.change_view(request, object_id)
        asked = {name: getattr(form, name) for name in ("title", "submit", "intro")}
        if form_class in (ResetForm, CloseForm):
            made = progress.of_each(companies).values()
            asked["busy"] = sum(each.run is not None for each in made)
        about = {"original": about.get("classroom"), "intro_template": f"{PAGES}intro.html"}
        return form_page(self, request, form, **asked, **about)

    @method_decorator(sensitive_variables())
    def sheet(self, request, companies):
        """Show the passwords, which nothing stores, as slips to print and cut."""
        address, slips = request.build_absolute_uri(reverse("users:sign_in")), []
        for company in companies:
            query = {"ruc": company.operator.ruc, "usuario": company.principal.username}
            code = segno.make_qr(f"{address}?{urlencode(query)}")
            slips.append((company, code.svg_data_uri(border=0, light="#fff")))
        return page(
            self,
            request,
            f"{PAGES}sheet.html",
            title="Papelitos para los alumnos",
            original=companies[0].operator.classroom,
            address=address,
            slips=slips,
        )

    def board_view(self, request, object_id):
        """Show the board of the aula; with ``?formato=csv`` return it as a file."""
        classroom = row_to_change(self, request, object_id)
        columns, rows = board.board_of(classroom)
        if kind := request.GET.get("formato"):
            return file_response(kind, board.table_of(rows), "aula")
        needed = {None, *(row.company.is_open for row in rows)}
        return page(
            self,
            request,
            f"{PAGES}board.html",
            title=classroom.name,
            classroom=classroom,
            forms=[(word, form) for word, form in FORMS.items() if form.is_for_open in needed],
            columns=columns,
            rows=rows,
            points=sum(row.points for row in rows),
            stuck=[row for row in rows if row.stuck],
            now=timezone.localtime(),
        )
