"""The administration of operators and of all accounts, for staff.

Operators' accounts are written by the actions only, so that each change leaves its entry; staff
accounts are Django's own. Operators are registered here, not in ``operators.admin``: one is opened
together with its principal user, and ``operators`` does not know users.
"""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, AdminForm
from django.contrib.admin.utils import unquote
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import (
    BaseUserCreationForm,
    SetPasswordForm,
    UserChangeForm,
    UsernameField,
)
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from operators.models import Operator, OperatorType
from operators.validators import normalise_ruc, validate_ruc
from users import actions
from users.audit import Actor
from users.forms import NewAccountForm, password_field
from users.history import ACTION_LABELS, action_label, fact_label, fact_value
from users.models import AuditEntry, User
from users.search import fold

# What the pages of all three apps share ----------------------------------------------------------


def acting(request) -> Actor:
    return Actor.from_request(request, AuditEntry.Channel.ADMIN)


def form_page(model_admin, request, form, *, title: str, submit: str, fieldsets=None, **context):
    """A form that is not of one row of one model, in the shape of Django's own."""
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(
        request,
        "admin/form_page.html",
        {
            **model_admin.admin_site.each_context(request),
            "title": title,
            "submit": submit,
            "opts": model_admin.opts,
            "form": form,
            "adminform": AdminForm(
                form,
                fieldsets or [(None, {"fields": list(form.fields)})],
                {},
                model_admin=model_admin,
            ),
            "media": model_admin.media + form.media,
            **context,
        },
    )


class NeverDeleted:
    """A row that grants, history or people refer to: it is closed or retired instead."""

    def has_delete_permission(self, request, obj=None):
        return False


class ReadOnly(NeverDeleted):
    """A record of what happened: looked at, never written here."""

    change_form_template = "admin/read_only_change_form.html"

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class FoldedSearch:
    """Searches the words as they are typed and folded, as ``User.search_text`` stores them."""

    def get_search_results(self, request, queryset, search_term):
        as_typed, duplicates = super().get_search_results(request, queryset, search_term)
        folded, _ = super().get_search_results(request, queryset, fold(search_term))
        return as_typed | folded, duplicates


class FoldedNameSearch:
    """Searches code and name without accents or case, in tables small enough to be read whole.

    SQLite compares only ASCII without case, and no database here ignores accents.
    """

    def get_search_results(self, request, queryset, search_term):
        words = fold(search_term).split()
        if not words:
            return queryset, False
        rows = self.model.objects.values_list("pk", *self.search_fields)
        found = [pk for pk, *texts in rows if all(word in fold(" ".join(texts)) for word in words)]
        return queryset.filter(pk__in=found), False


class SpanishPermissions:
    """Django stores the names of permissions in English; here they are said in Spanish."""

    VERBS = {"add": "agregar", "change": "modificar", "delete": "eliminar", "view": "ver"}

    def formfield_for_manytomany(self, db_field, request=None, **kwargs):
        if db_field.remote_field.model is Permission:
            kwargs["queryset"] = Permission.objects.select_related("content_type")
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.remote_field.model is Permission:
            field.label_from_instance = self.permission_label
        return field

    def permission_label(self, permission: Permission) -> str:
        verb = self.VERBS.get(permission.codename.partition("_")[0], permission.name)
        return f"{permission.content_type.app_labeled_name}: {verb}"


# Operators ---------------------------------------------------------------------------------------


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
    # Of the operator that is not saved yet: any id but None, which would mean staff.
    NOT_SAVED = 0

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Usuario"

    def new_account(self) -> User:
        return User(operator_id=self.NOT_SAVED, is_principal=True)

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
        # That the account's operator does not exist is no news here.
        error.error_dict.pop("operator", None)
        super().add_errors(error)

    def create(self, actor: Actor) -> Operator | None:
        """The operator, or None with the errors in the form."""
        own = {field: self.cleaned_data[field] for field in ("ruc", "name", "operator_types")}
        try:
            return actions.create_operator(actor=actor, **own, **self.account())
        except ValidationError as error:
            self.add_errors(error)
            return None


@admin.register(Operator)
class OperatorAdmin(NeverDeleted, FoldedNameSearch, admin.ModelAdmin):
    list_display = ["ruc", "name", "types", "is_active", "users"]
    list_filter = ["operator_types", "is_active"]
    search_fields = ["ruc", "name"]
    search_help_text = "RUC o razón social"
    fields = ["ruc", "name", "operator_types", "is_active"]
    readonly_fields = ["ruc"]
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
    def users(self, operator):
        url = reverse("admin:users_user_changelist", query={"q": operator.ruc})
        return format_html('<a href="{}">{}</a>', url, operator.user_count)

    @method_decorator(sensitive_post_parameters())
    def add_view(self, request, form_url="", extra_context=None):
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewOperatorForm(request.POST if request.method == "POST" else None)
        if form.is_valid() and (operator := form.create(acting(request))):
            self.log_addition(request, operator, [{"added": {}}])
            return self.response_add(request, operator)
        return form_page(
            self,
            request,
            form,
            title="Añadir un operador con su usuario principal",
            submit="Crear el operador y su usuario",
            fieldsets=form.FIELDSETS,
        )

    def save_model(self, request, obj, form, change):
        chosen = {name: form.cleaned_data[name] for name in ("name", "operator_types", "is_active")}
        actions.change_operator(actor=acting(request), operator=obj, **chosen)

    def save_related(self, request, form, formsets, change):
        """The types are saved by the action, in its own transaction."""


# Accounts ----------------------------------------------------------------------------------------


class StaffCreationForm(BaseUserCreationForm):
    """Django's form without its look for the same name among operators' accounts too.

    ``User.clean`` looks among staff.
    """

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email", "is_superuser"]
        field_classes = {"username": UsernameField}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.instance.is_staff = True


class StaffChangeForm(UserChangeForm):
    # Its hash is of use to nobody; the page has a button for the password.
    password = None

    class Meta(UserChangeForm.Meta):
        model = User


class ResetPasswordForm(SetPasswordForm):
    """A new clave for an operator's account, by the rule of operators' claves."""

    error_messages = {"password_mismatch": "Las claves no coinciden"}
    new_password1 = password_field(
        "Clave nueva",
        empty="Ingrese la clave",
        autocomplete="new-password",
        help_text="Entre 8 y 12 caracteres, con al menos un número",
    )
    new_password2 = password_field(
        "Reingrese la clave", empty="Reingrese la clave", autocomplete="new-password"
    )

    @sensitive_variables()
    def clean(self):
        # As in Django's form, but a broken rule is told where the clave is typed first.
        self.validate_passwords("new_password1", "new_password2")
        self.validate_password_for_user(self.user, "new_password1")
        return self.cleaned_data


class KindFilter(admin.SimpleListFilter):
    title = "tipo de cuenta"
    parameter_name = "tipo"
    KINDS = {
        "principal": ("Principal", Q(is_principal=True)),
        "secundario": ("Secundario", Q(operator__isnull=False, is_principal=False)),
        "personal": ("Personal del simulador", Q(operator__isnull=True)),
    }

    def lookups(self, request, model_admin):
        return [(value, label) for value, (label, _) in self.KINDS.items()]

    def queryset(self, request, queryset):
        chosen = self.KINDS.get(self.value())
        return queryset.filter(chosen[1]) if chosen else queryset


@admin.register(User)
class UserAdmin(NeverDeleted, SpanishPermissions, FoldedSearch, DjangoUserAdmin):
    """All accounts. Operators' ones are looked at, suspended, and given another clave; the staff's
    are edited, by superusers only."""

    list_display = [
        "username",
        "names",
        "kind",
        "state",
        "ruc",
        "company",
        "document",
        "last_login",
    ]
    list_filter = [KindFilter, "state", "operator__operator_types"]
    list_select_related = ["operator"]
    search_fields = ["search_text", "operator__ruc", "operator__name"]
    search_help_text = "RUC, razón social, usuario, nombres, documento o correo"
    ordering = ["operator__ruc", "-is_principal", "username"]
    actions = ["suspend", "reactivate"]
    form = StaffChangeForm
    add_form = StaffCreationForm
    add_form_template = None
    add_fieldsets = [
        (None, {"fields": ["username", "password1", "password2"]}),
        ("Persona", {"fields": ["first_name", "last_name", "email"]}),
        ("Permisos", {"fields": ["is_superuser"]}),
    ]
    readonly_fields = ["kind", "document", "last_login", "date_joined"]
    STAFF_FIELDSETS = [
        (None, {"fields": ["username", "state"]}),
        ("Persona", {"fields": ["first_name", "last_name", "email"]}),
        ("Permisos", {"fields": ["is_superuser", "groups", "user_permissions"]}),
        ("Fechas", {"fields": ["last_login", "date_joined"]}),
    ]
    OPERATOR_FIELDSETS = [
        (None, {"fields": ["operator", "username", "kind", "state"]}),
        ("Persona", {"fields": ["first_name", "last_name", "document", "email"]}),
        ("Fechas", {"fields": ["last_login", "date_joined"]}),
    ]
    # What the permissions are called cannot be said in Spanish on a page that is only read.
    STAFF_FIELDSETS_TO_READ = [
        *STAFF_FIELDSETS[:2],
        ("Permisos", {"fields": ["is_superuser", "groups"]}),
        STAFF_FIELDSETS[3],
    ]

    @admin.display(description="nombres", ordering="last_name")
    def names(self, user):
        return user.get_full_name()

    @admin.display(description="RUC", ordering="operator__ruc", empty_value="")
    def ruc(self, user):
        return user.operator and user.operator.ruc

    @admin.display(description="razón social", ordering="operator__name", empty_value="")
    def company(self, user):
        return user.operator and user.operator.name

    @admin.display(description="documento", ordering="document_number")
    def document(self, user):
        return f"{user.document_label} {user.document_number}".strip()

    @admin.display(description="tipo de cuenta")
    def kind(self, user):
        if user.operator_id is None:
            return "Personal"
        return "Principal" if user.is_principal else "Secundario"

    # Who may do what

    def has_add_permission(self, request):
        return request.user.is_superuser

    def has_change_permission(self, request, obj=None):
        """To edit the row: only staff accounts are, by superusers only.

        Without a row: to act on operators' accounts, for which the permission is enough.
        """
        if obj is None:
            return super().has_change_permission(request)
        return request.user.is_superuser and obj.operator_id is None

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            return self.add_fieldsets
        if obj.operator_id is not None:
            return self.OPERATOR_FIELDSETS
        if self.has_change_permission(request, obj):
            return self.STAFF_FIELDSETS
        return self.STAFF_FIELDSETS_TO_READ

    def get_readonly_fields(self, request, obj=None):
        # A superuser who takes his own power away may be the last one.
        own = ["state", "is_superuser"] if obj == request.user else []
        return [*self.readonly_fields, *own]

    # Pages

    def add_view(self, request, form_url="", extra_context=None):
        title = {"title": "Añadir una cuenta del personal"}
        return super().add_view(request, form_url, {**title, **(extra_context or {})})

    def change_view(self, request, object_id, form_url="", extra_context=None):
        may = {"may_reset_password": super().has_change_permission(request)}
        return super().change_view(request, object_id, form_url, {**may, **(extra_context or {})})

    @method_decorator(sensitive_post_parameters())
    def user_change_password(self, request, id, form_url=""):
        """Django's page of the same address does not know the actions, nor the entry they leave."""
        user = self.get_object(request, unquote(id))
        if user is None:
            raise Http404
        of_operator = user.operator_id is not None
        if not self.has_change_permission(request, None if of_operator else user):
            raise PermissionDenied
        if of_operator and user.state == User.State.ELIMINATED:
            messages.error(request, f"El usuario {user} está eliminado: ya no ingresa con clave.")
            return self.back_to(user)
        form_class = ResetPasswordForm if of_operator else SetPasswordForm
        form = form_class(user, request.POST if request.method == "POST" else None)
        words = "Restablecer clave" if of_operator else "Cambiar contraseña"
        done = "restablecido la clave" if of_operator else "cambiado la contraseña"
        if not form.is_valid():
            title = f"{words}: {user}, {user.operator or 'personal del simulador'}"
            return form_page(self, request, form, title=title, submit=words, original=user)
        if of_operator:
            password = form.cleaned_data["new_password1"]
            actions.reset_password(actor=acting(request), user=user, password=password)
        else:
            form.save()
            # Whoever changes his own stays signed in.
            update_session_auth_hash(request, user)
        self.log_change(request, user, f"Se ha {done}.")
        messages.success(request, f"Se ha {done} de {user}.")
        return self.back_to(user)

    def back_to(self, user):
        return HttpResponseRedirect(reverse("admin:users_user_change", args=[user.pk]))

    # Actions on several accounts

    @admin.action(description="Suspender a los usuarios marcados", permissions=["change"])
    def suspend(self, request, queryset):
        if "confirmed" not in request.POST:
            return self.ask_before_suspending(request, queryset)
        return self.change_states(
            request, queryset, User.State.ACTIVE, actions.suspend_user, "Se ha suspendido a {}."
        )

    @admin.action(description="Reactivar a los usuarios marcados", permissions=["change"])
    def reactivate(self, request, queryset):
        return self.change_states(
            request,
            queryset,
            User.State.SUSPENDED,
            actions.reactivate_user,
            "Se ha reactivado a {}.",
        )

    def ask_before_suspending(self, request, queryset):
        users = queryset.of_operators().filter(state=User.State.ACTIVE).select_related("operator")
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request,
            "admin/users/user/suspend.html",
            {
                **self.admin_site.each_context(request),
                "title": "Suspender usuarios",
                "opts": self.opts,
                "users": users,
                "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
                "select_across": request.POST.get("select_across") == "1",
                "checkbox_name": ACTION_CHECKBOX_NAME,
            },
        )

    def change_states(self, request, queryset, before, action, done):
        changed = left = 0
        for user in queryset.select_related("operator"):
            if user.operator_id is None or user.state != before:
                left += 1
                continue
            try:
                action(actor=acting(request), user=user)
            except ValidationError:
                # Somebody eliminated it meanwhile.
                left += 1
                continue
            self.log_change(request, user, f"Estado: {user.get_state_display()}.")
            changed += 1
        if changed:
            counted = "1 usuario" if changed == 1 else f"{changed} usuarios"
            messages.success(request, done.format(counted))
        if left:
            messages.warning(
                request,
                f"Sin cambios: {left}. Solo cambian los usuarios de operadores que están en estado "
                f"{before.label.lower()}.",
            )


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(SpanishPermissions, DjangoGroupAdmin):
    pass


# Audit -------------------------------------------------------------------------------------------


class ActionFilter(admin.SimpleListFilter):
    title = "acción"
    parameter_name = "accion"

    def lookups(self, request, model_admin):
        return list(ACTION_LABELS.items())

    def queryset(self, request, queryset):
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, FoldedSearch, admin.ModelAdmin):
    list_display = ["at", "what", "subject", "actor", "ruc", "company", "channel"]
    list_filter = [ActionFilter, "channel", "operator__operator_types"]
    list_select_related = ["operator", "subject", "actor"]
    date_hierarchy = "at"
    search_fields = [
        "operator__ruc",
        "operator__name",
        "subject__search_text",
        "actor__search_text",
    ]
    search_help_text = "RUC, razón social, o la persona que actuó o sobre la que se actuó"
    fields = ["at", "what", "actor", "operator", "subject", "changes", "channel", "address"]
    readonly_fields = ["what", "changes"]

    @admin.display(description="acción", ordering="action")
    def what(self, entry):
        return action_label(entry)

    @admin.display(description="RUC", ordering="operator__ruc")
    def ruc(self, entry):
        return entry.operator.ruc

    @admin.display(description="razón social", ordering="operator__name")
    def company(self, entry):
        return entry.operator.name

    @admin.display(description="cambios")
    def changes(self, entry):
        names = list(dict.fromkeys([*entry.before, *entry.after]))
        if not names:
            return "Sin valores que mostrar."
        rows = format_html_join(
            "",
            '<tr><th scope="row">{}</th><td>{}</td><td>{}</td></tr>',
            (
                (
                    fact_label(name),
                    fact_value(name, entry.before.get(name, "")),
                    fact_value(name, entry.after.get(name, "")),
                )
                for name in names
            ),
        )
        return format_html(
            '<table class="changes"><thead><tr><th scope="col">Dato</th><th scope="col">Antes</th>'
            '<th scope="col">Después</th></tr></thead><tbody>{}</tbody></table>',
            rows,
        )
