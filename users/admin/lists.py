"""What the lists of the administration share, in this app and the others."""

from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import capfirst

from operators.validators import plain_apostrophes
from users.lists.keyset import COUNTED
from users.lists.search import LONGEST_SEARCH, fold, search_words
from users.tenancy import key_of


class StrictChangeList(ChangeList):
    """A list whose address names the filters and columns that the list offers, and no other.

    Django takes any lookup of the model's own columns: a regular expression that runs for minutes,
    a year that no date has. Raises BadRequest for what the list does not offer and for a value
    that a filter cannot have.
    """

    def __init__(self, request, *args, **kwargs):
        try:
            super().__init__(request, *args, **kwargs)
        except (SuspiciousOperation, IncorrectLookupParameters) as error:
            raise BadRequest from error
        # Django's says «Seleccione usuario a modificar».
        self.title = capfirst(self.opts.verbose_name_plural)

    def get_filters(self, request):
        specs, has_specs, remaining, *others = super().get_filters(request)
        # The filters have taken their own parameters.
        if not remaining.keys() <= {*self.model_admin.linked_by}:
            raise BadRequest
        return specs, has_specs, remaining, *others

    def get_ordering(self, request, queryset):
        if ORDER_VAR in self.params and not self.sortable_by:
            raise BadRequest
        return super().get_ordering(request, queryset)


class StrictList:
    """Mixin of every list of the administration."""

    # Lookups of the links from other pages.
    linked_by = ()
    # To count the rows of each filter, the database would read all rows.
    show_facets = ShowFacets.NEVER

    def get_changelist(self, request, **kwargs):
        return StrictChangeList

    def history_view(self, request, object_id, extra_context=None):
        """Lead to the one history, that of the portal: Django's knows only its own pages."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        return redirect(reverse("admin:users_auditentry_changelist", query=self.history_of(row)))

    def history_of(self, row) -> dict:
        """Return the filter of the history that shows the entries of the row."""
        return {"fila": row.pk}


class BoundedPaginator(Paginator):
    """Stop counting at COUNTED rows: older rows are found by searching."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:COUNTED].count()


class LongList(StrictList):
    """Mixin for a list of millions of rows, the latest first, in primary key order."""

    ordering = ["-pk"]
    paginator = BoundedPaginator
    show_full_result_count = False
    # To sort by a column, the database would read all rows.
    sortable_by = ()


class FoldedSearch:
    """Search each word both as typed and folded, as ``User.search_text`` stores it."""

    def get_search_results(self, request, queryset, search_term):
        for word in plain_apostrophes(search_term[:LONGEST_SEARCH]).split():
            queryset = queryset.filter(
                Q(
                    *(
                        (f"{field}__icontains", text)
                        for field in self.search_fields
                        for text in (word, fold(word))
                    ),
                    _connector=Q.OR,
                )
            )
        return queryset, False


class FoldedNameSearch:
    """Search code and name without accents or case by reading the whole table, which is small.

    SQLite ignores the case of ASCII only, and neither database ignores accents.
    """

    def get_search_results(self, request, queryset, search_term):
        words = search_words(search_term)
        if not words:
            return queryset, False
        rows = self.model.objects.values_list("pk", *self.search_fields)
        found = [pk for pk, *texts in rows if all(word in fold(" ".join(texts)) for word in words)]
        return queryset.filter(pk__in=found), False


class NumberedRows:
    """Answer 400 when a marked row of a list is not a number: Django does not check it."""

    # Where the action stands comes as a keyword since Django 6.1.
    def response_action(self, request, queryset, **where):
        if not all(map(key_of, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise BadRequest
        return super().response_action(request, queryset, **where)
