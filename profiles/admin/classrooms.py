"""Aulas: staff opens one, prints its slips, names its trainees, resets, closes and reopens it."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple
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
from users.forms.practice import PracticeCompanyForm

PAGES = "admin/operators/classroom/"
COMPANY_FIELDS = PracticeCompanyForm.base_fields


class NothingForm(forms.Form):
    """What needs no more than a yes."""

    def arguments(self) -> dict:
        """Return the arguments of the action."""
        named = {"types": "operator_types", "creation_key": "key"}
        return {named.get(name, name): value for name, value in self.cleaned_data.items()}


class DaysForm(NothingForm):
    days = COMPANY_FIELDS["days"]


class NamesField(forms.CharField):
    """Names, one in each line; an empty line leaves a company without."""

    widget = forms.Textarea(attrs={"rows": 8})

    def clean(self, value) -> list[str]:
        return super().clean(value).rstrip().splitlines()


class NamesForm(NothingForm):
    trainees = NamesField(
        label="Nombres de los alumnos",
        help_text="Uno por línea, en el orden de las empresas. Puede dejarlo vacío.",
        required=False,
        strip=False,
    )


class RenameForm(NamesForm):
    """The names of the companies that an aula has; ``seen`` are those that the page showed."""

    seen = NamesField(widget=forms.HiddenInput, required=False, strip=False)


class CompaniesForm(NamesForm):
    number = forms.IntegerField(
        label="Cuántas empresas",
        help_text="Una por alumno, y alguna más por si acaso.",
        min_value=1,
        max_value=classrooms.MOST_COMPANIES,
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"), classrooms.WRONG_NUMBER
        ),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    creation_key = COMPANY_FIELDS["creation_key"]
    field_order = ("name", "types", "number", "days", "trainees", "is_exam")


class ClassroomForm(CompaniesForm):
    name = forms.CharField(
        label="Nombre del aula",
        max_length=80,
        validators=[validate_printable],
        error_messages={"required": "Escriba el nombre del aula"},
    )
    types, days = COMPANY_FIELDS["types"], COMPANY_FIELDS["days"]
    is_exam = forms.BooleanField(
        label="Es un examen",
        help_text="Sin pistas, y sin decir cómo se corrige lo que falta.",
        required=False,
    )


class Asked(NamedTuple):
    """An action on an aula, and the page that asks for it."""

    title: str
    submit: str
    action: Callable
    form: type[NothingForm] = NothingForm
    intro: str = ""


ASKED = {
    "mas": Asked("Añadir empresas", "Añadir", classrooms.add_companies, CompaniesForm),
    "alumnos": Asked("Nombres de los alumnos", "Guardar", classrooms.name_trainees, RenameForm),
    "inicio": Asked(
        "Devolver todas a su inicio",
        "Devolver todas",
        classrooms.reset,
        intro="Se elimina lo que los alumnos crearon y se cierran sus sesiones. La clave de cada "
        "empresa y el historial quedan. No se puede deshacer.",
    ),
    "cerrar": Asked(
        "Cerrar el aula",
        "Cerrar el aula",
        classrooms.close,
        intro="Ningún alumno podrá entrar hasta que la reabra. No se borra nada.",
    ),
    "reabrir": Asked(
        "Reabrir el aula",
        "Reabrir",
        classrooms.reopen,
        DaysForm,
        "Los alumnos entran con la clave que tienen y encuentran lo que hicieron.",
    ),
}
OPENING = Asked("Abrir un aula", "Abrir el aula", classrooms.open_classroom, ClassroomForm)


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
        pages = {word: (self.asked_view, {"asked": asked}) for word, asked in ASKED.items()}
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
        return self.asked_view(request, OPENING)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        return HttpResponseRedirect(reverse("admin:operators_classroom_tablero", args=[object_id]))

    @method_decorator(sensitive_variables())
    def asked_view(self, request, asked: Asked, object_id=""):
        """Ask, and do it; what adds companies answers with the sheet of their passwords."""
        action, initial = asked.action, {}
        if classroom := object_id and row_to_change(self, request, object_id):
            action = partial(action, classroom=classroom)
        elif not self.has_add_permission(request):
            raise PermissionDenied
        if asked.form is RenameForm:
            companies = classroom.companies.order_by("pk")
            names = "\n".join(companies.values_list("trainee", flat=True))
            initial = {"trainees": names, "seen": names}
        form = asked.form(request.POST if request.method == "POST" else None, initial=initial)
        if form.is_valid():
            try:
                done = action(actor=acting(request), **form.arguments())
            except ValidationError as error:
                form.add_error(None, error)
            else:
                if isinstance(done, list):
                    return self.sheet(request, done)
                messages.success(request, f"{asked.title}. Empresas que cambiaron: {done}.")
                return self.change_view(request, object_id)
        return form_page(
            self,
            request,
            form,
            title=asked.title,
            submit=asked.submit,
            intro=asked.intro,
            busy=self.busy(classroom) if asked.form is NothingForm else 0,
            original=classroom,
            intro_template=f"{PAGES}intro.html",
        )

    def busy(self, classroom) -> int:
        """Return how many companies are in the middle of an exercise."""
        made = progress.of_each(classroom.companies.all())
        return sum(each.run is not None for each in made.values())

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
        exercises = board.exercises_of(classroom)
        rows = board.rows_of(classroom, exercises)
        if kind := request.GET.get("formato"):
            return file_response(kind, board.table_of(rows), "aula")
        return page(
            self,
            request,
            f"{PAGES}board.html",
            title=classroom.name,
            classroom=classroom,
            asked=ASKED,
            rows=rows,
            columns=[
                (exercise, sum(row.cells[place].points > 0 for row in rows))
                for place, exercise in enumerate(exercises)
            ],
            points=sum(row.points for row in rows),
            stuck=[row for row in rows if row.stuck],
            now=timezone.localtime(),
        )
