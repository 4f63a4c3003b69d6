"""Aulas: staff opens one, prints its slips, names its trainees, resets, closes and reopens it."""

from functools import partial

import segno
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.text import slugify
from django.views.decorators.debug import sensitive_variables

from operators.models import Classroom
from operators.validators import validate_printable
from profiles.admin import board
from profiles.spreadsheet import file_response
from users.actions import classrooms
from users.admin.lists import FoldedNameSearch, StrictList
from users.admin.pages import NeverDeleted, acting, form_page, page, row_to_change
from users.admin.practice import of_practice
from users.forms.fields import number_field
from users.forms.practice import PracticeCompanyForm

PAGES = "admin/operators/classroom/"


class AulaForm(forms.Form):
    """A form about an aula: its ``title``, also of its button, and the ``action`` with its fields."""

    intro = ""


class ClassroomForm(AulaForm):
    title = "Abrir un aula"
    action = staticmethod(classrooms.open_classroom)
    name = forms.CharField(
        label="Nombre del aula",
        max_length=80,
        validators=[validate_printable],
        error_messages={"required": "Escriba el nombre del aula"},
    )
    operator_types = PracticeCompanyForm.base_fields["types"]
    number = number_field(
        "Cuántas empresas",
        classrooms.MOST_COMPANIES,
        classrooms.WRONG_NUMBER,
        help_text="Una por alumno, y alguna más por si acaso.",
    )
    days = PracticeCompanyForm.base_fields["days"]
    trainees = forms.CharField(
        label="Nombres de los alumnos",
        help_text="Uno por línea, en el orden de las empresas. Puede dejarlo vacío.",
        widget=forms.Textarea(attrs={"rows": 12, "cols": 60}),
        required=False,
        # An empty line is a company without a name.
        strip=False,
    )
    is_exam = forms.BooleanField(
        label="Es un examen",
        help_text="Sin pistas, y sin decir cómo se corrige lo que falta.",
        required=False,
    )
    key = PracticeCompanyForm.base_fields["creation_key"]


class CompaniesForm(ClassroomForm):
    """More companies, which are as the others of the aula."""

    title = "Añadir empresas"
    action = staticmethod(classrooms.add_companies)
    name = operator_types = days = is_exam = None


class NamesForm(AulaForm):
    """The names of the companies that an aula has; ``seen`` are those that the page showed."""

    title = "Nombrar a los alumnos"
    action = staticmethod(classrooms.name_trainees)
    trainees = ClassroomForm.base_fields["trainees"]
    seen = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)


class ResetForm(AulaForm):
    title = "Devolver todas a su inicio"
    intro = (
        "Se elimina lo que los alumnos crearon y se cierran sus sesiones. La clave de cada empresa "
        "y el historial quedan. No se puede deshacer."
    )
    action = staticmethod(classrooms.reset)


class CloseForm(AulaForm):
    title = "Cerrar el aula"
    intro = "Ningún alumno podrá entrar hasta que la reabra. No se borra nada."
    action = staticmethod(classrooms.close)


class ReopenForm(AulaForm):
    title = "Reabrir o alargar el aula"
    intro = "Los días se cuentan desde hoy. Los alumnos conservan su clave y lo que hicieron."
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
        pages = {word: partial(self.form_view, form_class=form) for word, form in FORMS.items()}
        pages["tablero"] = self.board_view
        urls = super().get_urls()
        for word, view in pages.items():
            address, name = f"<path:object_id>/{word}/", f"operators_classroom_{word}"
            urls.insert(0, path(address, self.admin_site.admin_view(view), name=name))
        for url in urls:
            url.callback = of_practice(url.callback)
        return urls

    def add_view(self, request, form_url="", extra_context=None):
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self.form_view(request, ClassroomForm)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        return redirect("admin:operators_classroom_tablero", object_id)

    @method_decorator(sensitive_variables())
    def form_view(self, request, form_class: type[AulaForm], object_id=""):
        """Ask, and do it; what adds companies answers with the sheet of their passwords."""
        about = {"classroom": row_to_change(self, request, object_id)} if object_id else {}
        companies = about["classroom"].companies.order_by("pk") if about else []
        names = "\n".join(company.trainee for company in companies)
        initial = {"trainees": names, "seen": names} if form_class is NamesForm else {}
        form = form_class(request.POST if request.method == "POST" else None, initial=initial)
        if form.is_valid():
            try:
                done = form.action(actor=acting(request), **about, **form.cleaned_data)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                if isinstance(done, list):
                    return self.sheet(request, done)
                messages.success(request, f"{form.title}: hecho. Empresas que cambiaron: {done}.")
                return self.change_view(request, object_id)
        asked = {"title": form.title, "submit": form.title, "original": about.get("classroom")}
        if form_class is NamesForm:
            asked["companies"] = companies
        if form_class in (ResetForm, CloseForm):
            courses = board.courses_in(about["classroom"])
            asked["busy"] = sum(course.current is not None for course in courses)
        return form_page(self, request, form, intro_template=f"{PAGES}intro.html", **asked)

    @method_decorator(sensitive_variables())
    def sheet(self, request, companies):
        """Show the passwords, which nothing stores, as slips to print and cut."""
        slips = []
        for company in companies:
            query = {"ruc": company.operator.ruc, "usuario": company.principal.username}
            address = request.build_absolute_uri(reverse("users:sign_in", query=query))
            code = segno.make_qr(address).svg_data_uri(border=0, light="#fff")
            slips.append((company, code))
        about = {"title": "Papelitos para los alumnos", "original": companies[0].operator.classroom}
        return page(self, request, f"{PAGES}sheet.html", slips=slips, **about)

    def board_view(self, request, object_id):
        """Show the board of the aula; with ``?formato=csv`` return it as a file."""
        classroom = row_to_change(self, request, object_id)
        courses = board.courses_in(classroom)
        if kind := request.GET.get("formato"):
            return file_response(kind, board.table_of(courses), f"aula-{slugify(classroom.name)}")
        return page(
            self,
            request,
            f"{PAGES}board.html",
            title=classroom.name,
            classroom=classroom,
            forms=FORMS.items(),
            columns=board.columns_of(courses),
            courses=courses,
            points=sum(course.points for course in courses),
            stuck=[course for course in courses if course.stuck],
            now=timezone.localtime(),
        )
