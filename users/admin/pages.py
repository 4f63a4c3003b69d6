"""What the pages of the administration share, those of the other apps too."""

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, AdminForm
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import Permission
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.template.response import TemplateResponse
from django.utils.functional import cached_property

from users.history.recording import Actor
from users.lists.keyset import COUNTED
from users.lists.search import fold
from users.models import AuditEntry
from users.tenancy import key_of


def acting(request) -> Actor:
    return Actor.from_request(request, AuditEntry.Channel.ADMIN)


def page(model_admin, request, template: str, **context):
    """A page that Django's own have no template for, under the model that it is about."""
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(
        request,
        template,
        {**model_admin.admin_site.each_context(request), "opts": model_admin.opts, **context},
    )


def form_page(model_admin, request, form, *, fieldsets=None, **context):
    """A form that is not of one row of one model, in the shape of Django's own.

    Needs a ``title``; without ``submit``, the word on its button, there is only something to read.
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
    """The form as Django's templates draw it."""
    fieldsets = fieldsets or [(None, {"fields": list(form.fields)})]
    return AdminForm(form, fieldsets, {}, model_admin=model_admin)


def row_to_change(model_admin, request, object_id: str):
    """What a page about one row is about, for whom may change it; else Http404 or
    PermissionDenied."""
    row = model_admin.get_object(request, unquote(object_id))
    if not model_admin.has_change_permission(request, row):
        raise PermissionDenied
    if row is None:
        raise Http404
    return row


class NeverDeleted:
    """A row that grants, history or people refer to: it is closed or retired instead."""

    def has_delete_permission(self, request, obj=None):
        return False


class BoundedPaginator(Paginator):
    """Counts no further than anybody leafs: what is older is found by searching."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:COUNTED].count()


class LongList:
    """A list of millions of rows, the latest first, in the order in which they are stored."""

    ordering = ["-pk"]
    paginator = BoundedPaginator
    show_full_result_count = False
    # Not even one of the columns: the database would read all rows to sort them.
    sortable_by = ()

    # What links from other pages narrow it to.
    linked_by = ()

    def lookup_allowed(self, lookup, value, request):
        """By filters and links only: an address may name any column, and a year that never was."""
        filters = [getattr(each, "parameter_name", each) for each in self.list_filter]
        return lookup.startswith((*filters, *self.linked_by)) and super().lookup_allowed(
            lookup, value, request
        )


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


class NumberedRows:
    """Django takes the marks of a list for the numbers of rows without looking."""

    def response_action(self, request, queryset):
        if not all(map(key_of, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise BadRequest
        return super().response_action(request, queryset)


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
