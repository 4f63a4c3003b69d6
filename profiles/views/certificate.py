"""Constancia: what a creation consisted of, at the permanent address of its operation number."""

from django.http import Http404
from django.shortcuts import render
from django.views import View

from profiles.access.difference import option_paths, role_paths
from users import tenancy
from users.models import AuditEntry
from users.validators import DocumentType


class CertificateView(tenancy.PrincipalRequiredMixin, View):
    """The page of a creation, built from the history: later corrections do not change it."""

    def get(self, request, number):
        created = AuditEntry.creation_of_number(number, operator=request.user.operator)
        if created is None:
            raise Http404
        options, roles = (
            first_entry(created, action) for action in ("options.assigned", "roles.assigned")
        )
        context = {
            "created": created,
            "account": created.subject,
            "document_label": DocumentType(created.after["document_type"]).short_label,
            "options": options,
            "option_paths": option_paths(codes_of(options)).values(),
            "roles": roles,
            "role_paths": [path[1:] for path in role_paths(codes_of(roles)).values()],
        }
        return render(request, "profiles/certificate.html", context)


def first_entry(created: AuditEntry, action: str) -> AuditEntry | None:
    entries = created.subject.audit_entries.filter(action=action).select_related("actor")
    return entries.order_by("at", "pk").first()


def codes_of(entry: AuditEntry | None) -> list[str]:
    return entry.after["codes"] if entry else []
