"""What the pages of the administration share, in this app and the others."""

from django import forms
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.template.response import TemplateResponse

from users.history.recording import Actor
from users.history.wording import permission_label
from users.models import AuditEntry


def acting(request) -> Actor:
    """Return the staff account of the request as the actor."""
    return Actor.from_request(request, AuditEntry.Channel.ADMIN)


def page(model_admin, request, template: str, **context):
    """Return a page of the administration with a template of ours, under the given model."""
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(
        request,
        template,
        {**model_admin.admin_site.each_context(request), "opts": model_admin.opts, **context},
    )


def form_page(model_admin, request, form, *, fieldsets=None, **context):
    """Return a page with a form that is not a ModelForm, drawn as Django draws its own.

    Needs a ``title``; ``submit`` is the text of the button, and without it the form is not shown.
    """
    return page(
        model_admin,
        request,
        "admin/form_page.html",
        form=form,
        adminform=in_fieldsets(model_admin, form, fieldsets),
        media=model_admin.media + form.media,
        **context,
    )


def in_fieldsets(model_admin, form, fieldsets=None) -> AdminForm:
    """Wrap the form for Django's templates, which would label hidden fields: form_page.html draws
    those."""
    fieldsets = fieldsets or [(None, {"fields": [field.name for field in form.visible_fields()]})]
    return AdminForm(form, fieldsets, {}, model_admin=model_admin)


def row_to_change(model_admin, request, object_id: str):
    """Return the row of a page. Raises PermissionDenied without permission to change it, and
    Http404 for a row that does not exist."""
    row = model_admin.get_object(request, unquote(object_id))
    if not model_admin.has_change_permission(request, row):
        raise PermissionDenied
    if row is None:
        raise Http404
    return row


class NeverDeleted:
    """Mixin for rows that others refer to: they are closed or retired, never deleted."""

    def has_delete_permission(self, request, obj=None):
        return False


class SuperusersOnly:
    """Mixin for what gives power: no permission reaches it."""

    def has_module_permission(self, request):
        return request.user.is_superuser

    def has_view_permission(self, request, obj=None):
        return request.user.is_superuser

    def has_add_permission(self, request):
        return request.user.is_superuser

    def has_change_permission(self, request, obj=None):
        return request.user.is_superuser

    def has_delete_permission(self, request, obj=None):
        return request.user.is_superuser


class ReadOnly(NeverDeleted):
    """Mixin for records that the administration shows and never writes."""

    change_form_template = "admin/read_only_change_form.html"

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class SpanishPermissions:
    """Show permissions in Spanish: Django stores their names in English."""

    def formfield_for_manytomany(self, db_field, request=None, **kwargs):
        kwargs["widget"] = forms.CheckboxSelectMultiple
        if db_field.remote_field.model is Permission:
            # The others give nothing: no page asks for them.
            kwargs["queryset"] = Permission.objects.filter(
                content_type__app_label__in=("operators", "users", "profiles")
            ).select_related("content_type")
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.remote_field.model is Permission:
            field.label_from_instance = self.permission_label
        return field

    @staticmethod
    def permission_label(permission: Permission) -> str:
        return permission_label(f"{permission.content_type.app_label}.{permission.codename}")
