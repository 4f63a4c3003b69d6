"""The administration of operators.

Registered here, not in ``operators``: staff opens an operator together with its principal user,
and ``operators`` does not import users.
"""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.html import format_html
from django.views.decorators.debug import sensitive_post_parameters

from operators.models import Operator, OperatorType
from operators.validators import normalise_ruc, validate_ruc
from users.actions import operators
from users.admin.clock import ClockPage
from users.admin.lists import FoldedNameSearch, StrictList
from users.admin.operator_state import StatePage
from users.admin.pages import NeverDeleted, acting, form_page
from users.admin.practice import PracticePages
from users.admin.principal import PrincipalPage
from users.forms.person import NewAccountForm
from users.history.recording import Actor
from users.models import User
from users.views.password import advise


class NewOperatorForm(NewAccountForm):
    """An operator and its principal user, together."""

    ruc = forms.CharField(
        label="RUC",
        help_text="11 dígitos. Después no se puede cambiar.",
        error_messages={"required": "Ingrese el RUC"},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    name = forms.CharField(
        label="Razón social",
        error_messages={"required": "Ingrese la razón social"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    operator_types = forms.ModelMultipleChoiceField(
        label="Tipos de operador",
        queryset=OperatorType.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Marque al menos un tipo de operador"},
    )

    FIELDSETS = [
        ("Operador", {"fields": ["ruc", "name", "operator_types"]}),
        (
            "Su usuario principal",
            {
                "fields": [*NewAccountForm.ACCOUNT_FIELDS, "password1", "password2"],
                "description": "La persona que creará los usuarios secundarios de la empresa.",
            },
        ),
    ]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Usuario"

    def new_account(self) -> User:
        return User(operator_id=operators.NOT_SAVED, is_principal=True)

    def clean_ruc(self) -> str:
        ruc = normalise_ruc(self.cleaned_data["ruc"])
        validate_ruc(ruc)
        return ruc

    def clean(self):
        cleaned = super().clean()
        operator = Operator(ruc=cleaned.get("ruc", ""), name=cleaned.get("name", ""))
        try:
            operator.full_clean()
        except ValidationError as error:
            self.add_errors(error)
        return cleaned

    def add_errors(self, error: ValidationError) -> None:
        # The operator is not saved yet: ignore that error.
        error.error_dict.pop("operator", None)
        super().add_errors(error)

    def create(self, actor: Actor) -> Operator | None:
        """Create the operator and return it; on errors add them to the form and return None."""
        own = {field: self.cleaned_data[field] for field in ("ruc", "name", "operator_types")}
        try:
            return operators.create_operator(actor=actor, **own, **self.account())
        except ValidationError as error:
            self.add_errors(error)
            return None


@admin.register(Operator)
class OperatorAdmin(
    PracticePages,
    PrincipalPage,
    ClockPage,
    StatePage,
    NeverDeleted,
    FoldedNameSearch,
    StrictList,
    admin.ModelAdmin,
):
    list_display = ["ruc", "name", "types", "is_active", "users_link"]
    list_filter = ["operator_types", "is_active"]
    search_fields = ["ruc", "name"]
    search_help_text = "RUC o razón social"
    fieldsets = [
        (None, {"fields": ["ruc", "name", "operator_types", "is_active", "practice", "principal"]}),
        ("Reloj", {"fields": ["clock", "activation_delay"]}),
    ]
    readonly_fields = ["ruc", "practice", "principal", "clock", "activation_delay"]
    EMPTY = {
        "name": "Ingrese la razón social",
        "operator_types": "Marque al menos un tipo de operador",
    }

    def get_queryset(self, request):
        existing = ~Q(users__state=User.State.ELIMINATED)
        return (
            super()
            .get_queryset(request)
            .prefetch_related("operator_types")
            .annotate(user_count=Count("users", filter=existing))
        )

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "operator_types":
            kwargs["widget"] = forms.CheckboxSelectMultiple
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in self.EMPTY:
            field.error_messages["required"] = self.EMPTY[db_field.name]
        return field

    @admin.display(description="tipos de operador")
    def types(self, operator):
        return ", ".join(map(str, operator.operator_types.all()))

    @admin.display(description="usuarios", ordering="user_count")
    def users_link(self, operator):
        # Django sorts a column named as a relation by that relation, one row for each user.
        url = reverse("admin:users_user_changelist", query={"operator__id__exact": operator.pk})
        return format_html('<a href="{}">{}</a>', url, operator.user_count)

    @admin.display(description="empresa de práctica", ordering="practice_until")
    def practice(self, operator):
        if not operator.is_practice:
            return "No"
        day = date_format(operator.practice_until, "DATE_FORMAT")
        until = f"Terminó el {day}" if operator.practice_has_ended else f"Hasta el {day}"
        return f"{until} · {operator.trainee}" if operator.trainee else until

    @admin.display(description="usuario principal")
    def principal(self, operator):
        principal = operator.users.get(is_principal=True)
        return f"{principal.username} – {principal.get_full_name()}"

    @admin.display(description="hora simulada")
    def clock(self, operator):
        now = date_format(timezone.localtime(operator.now()), "DATETIME_FORMAT")
        lead = f"adelantada {operator.clock_lead}" if operator.clock_is_simulated else "la real"
        return f"{now} ({lead})"

    @method_decorator(sensitive_post_parameters())
    def add_view(self, request, form_url="", extra_context=None):
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewOperatorForm(request.POST if request.method == "POST" else None)
        if form.is_valid() and (operator := form.create(acting(request))):
            self.log_addition(request, operator, [{"added": {}}])
            principal = operator.users.get()
            messages.success(request, self.what_next(request, operator, principal))
            advise(request, form.cleaned_data["password1"], principal)
            return HttpResponseRedirect(
                reverse("admin:operators_operator_change", args=[operator.pk])
            )
        return form_page(
            self,
            request,
            form,
            title="Añadir un operador con su usuario principal",
            submit="Crear el operador y su usuario",
            fieldsets=form.FIELDSETS,
        )

    def what_next(self, request, operator, principal) -> str:
        """Return what staff does after it created an operator."""
        address = request.build_absolute_uri(reverse("users:sign_in"))
        return format_html(
            "Se ha creado «{}». Entregue a {} su RUC, {}, su usuario, {}, y la clave que usted escribió. "
            'Con ellos ingresa en <a href="{}">{}</a> y crea a los usuarios secundarios.',
            *(operator.name, principal.get_full_name(), operator.ruc, principal.username),
            *(address, address),
        )

    def change_view(self, request, object_id, form_url="", extra_context=None):
        operator = self.get_object(request, object_id)
        about = {"principal": operator and operator.users.get(is_principal=True)}
        return super().change_view(request, object_id, form_url, {**about, **(extra_context or {})})

    def history_of(self, row):
        return {"operator__id__exact": row.pk}

    def save_model(self, request, obj, form, change):
        chosen = {name: form.cleaned_data[name] for name in ("name", "operator_types", "is_active")}
        operators.change_operator(actor=acting(request), operator=obj, **chosen)

    def save_related(self, request, form, formsets, change):
        """Do nothing: the action has saved the types in its transaction."""
