"""The administration of all accounts.

Only the actions write accounts, so that each change leaves its audit entry.
"""

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import SetPasswordForm
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.views.decorators.debug import sensitive_post_parameters

from users.actions import passwords, staff
from users.admin.account_forms import ResetPasswordForm, StaffChangeForm, StaffCreationForm
from users.admin.bulk_actions import BulkActions, buttons_for
from users.admin.lists import BoundedPaginator, FoldedSearch, NumberedRows, StrictList
from users.admin.pages import NeverDeleted, SpanishPermissions, acting, form_page
from users.admin.second_factor import SecondFactorPage
from users.models import User
from users.signin.sessions import open_sessions
from users.signin.throttle import locks_of
from users.views.password import advise


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
class UserAdmin(
    SecondFactorPage,
    BulkActions,
    NeverDeleted,
    NumberedRows,
    SpanishPermissions,
    FoldedSearch,
    StrictList,
    DjangoUserAdmin,
):
    """All accounts. For operators' accounts staff changes state, sessions and password; superusers
    edit staff accounts."""

    list_display = [
        "username",
        "names",
        "kind",
        "state",
        "ruc",
        "company",
        "document",
        "last_sign_in",
    ]
    list_filter = [KindFilter, "state", "operator__operator_types"]
    list_select_related = ["operator"]
    linked_by = ("operator__id__exact",)
    paginator = BoundedPaginator
    show_full_result_count = False
    search_fields = ["search_text", "operator__ruc", "operator__name"]
    search_help_text = "RUC, razón social, usuario, nombres, documento o correo"
    ordering = ["operator__ruc", "-is_principal", "username"]
    filter_horizontal = ()
    form = StaffChangeForm
    add_form = StaffCreationForm
    add_form_template = None
    add_fieldsets = [
        (None, {"fields": ["username", "password1", "password2"]}),
        ("Persona", {"fields": ["first_name", "last_name", "email"]}),
        ("Permisos", {"fields": ["is_superuser"]}),
    ]
    readonly_fields = [
        "kind",
        "document",
        "second_factor_state",
        "sessions",
        "last_login",
        "failed_sign_ins",
        "locked_until",
        "date_joined",
    ]
    STAFF_FIELDSETS = [
        (None, {"fields": ["username", "state", "second_factor_state"]}),
        ("Persona", {"fields": ["first_name", "last_name", "email"]}),
        ("Permisos", {"fields": ["is_superuser", "groups", "user_permissions"]}),
        ("Ingreso", {"fields": ["last_login", "failed_sign_ins", "locked_until", "date_joined"]}),
    ]
    OPERATOR_FIELDSETS = [
        (None, {"fields": ["operator", "username", "kind", "state", "second_factor_state"]}),
        ("Persona", {"fields": ["first_name", "last_name", "document", "email"]}),
        (
            "Ingreso",
            {
                "fields": [
                    "last_login",
                    "failed_sign_ins",
                    "locked_until",
                    "sessions",
                    "date_joined",
                ]
            },
        ),
    ]
    # Django's read-only page shows the names of permissions in English: leave them out.
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

    @admin.display(description="último ingreso", ordering="last_login")
    def last_sign_in(self, user):
        return user.last_login and date_format(timezone.localtime(user.last_login), "d/m/Y H:i")

    @admin.display(description="tipo de cuenta")
    def kind(self, user):
        if user.operator_id is None:
            return "Personal"
        return "Principal" if user.is_principal else "Secundario"

    @admin.display(description="bloqueado hasta")
    def locked_until(self, user):
        until = locks_of([user]).get(user)
        if until is None:
            return "No está bloqueado"
        return date_format(timezone.localtime(until), "DATETIME_FORMAT")

    @admin.display(description="sesiones abiertas")
    def sessions(self, user):
        return open_sessions(user).count()

    @admin.display(description="segundo factor")
    def second_factor_state(self, user):
        return "Activado" if user.has_second_factor else "No"

    # Permissions

    def has_add_permission(self, request):
        return request.user.is_superuser

    def has_change_permission(self, request, obj=None):
        """With a row: only superusers edit, and only staff accounts.

        Without a row: the permission is enough to act on operators' accounts.
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
        # Superusers may not remove their own power: they may be the last one.
        own = ["state", "is_superuser"] if obj == request.user else []
        return [*self.readonly_fields, *own]

    # Staff accounts

    def save_model(self, request, obj, form, change):
        chosen = {name: form.cleaned_data.get(name) for name in ("groups", "user_permissions")}
        staff.save_staff(actor=acting(request), user=obj, **chosen)
        if not change:
            advise(request, form.cleaned_data["password1"], obj)

    def save_related(self, request, form, formsets, change):
        """Do nothing: the action has saved groups and permissions in its transaction."""

    # Pages

    def add_view(self, request, form_url="", extra_context=None):
        title = {"title": "Añadir una cuenta del personal"}
        return super().add_view(request, form_url, {**title, **(extra_context or {})})

    def change_view(self, request, object_id, form_url="", extra_context=None):
        may_act = super().has_change_permission(request)
        user = self.get_object(request, object_id) if may_act else None
        may = {
            "may_act": may_act,
            "buttons": buttons_for(user) if user and user.operator_id else [],
        }
        return super().change_view(request, object_id, form_url, {**may, **(extra_context or {})})

    @method_decorator(sensitive_post_parameters())
    def user_change_password(self, request, id, form_url=""):
        """Replace Django's page at this address: it would bypass the actions and their entries."""
        user = self.get_object(request, unquote(id))
        if user is None:
            raise Http404
        of_operator = user.operator_id is not None
        if not self.has_change_permission(request, None if of_operator else user):
            raise PermissionDenied
        if user == request.user:
            # The page of the own password asks for the current one.
            return redirect("admin:password_change")
        if user.state == User.State.ELIMINATED:
            messages.error(request, f"El usuario {user} está eliminado: ya no ingresa con clave.")
            return self.back_to(user)
        form_class = ResetPasswordForm if of_operator else SetPasswordForm
        form = form_class(user, request.POST if request.method == "POST" else None)
        words = "Restablecer clave" if of_operator else "Cambiar contraseña"
        done = "restablecido la clave" if of_operator else "cambiado la contraseña"
        if not form.is_valid():
            title = f"{words}: {user}, {user.operator or 'personal del simulador'}"
            return form_page(self, request, form, title=title, submit=words, original=user)
        password = form.cleaned_data["new_password1"]
        passwords.reset_password(actor=acting(request), user=user, password=password)
        self.log_change(request, user, f"Se ha {done}.")
        messages.success(request, f"Se ha {done} de {user}.")
        advise(request, password, user)
        return self.back_to(user)

    def history_of(self, row):
        return {"subject__id__exact": row.pk}

    def back_to(self, user):
        return HttpResponseRedirect(reverse("admin:users_user_change", args=[user.pk]))
