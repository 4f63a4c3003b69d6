"""Texts that would become elements or attributes of a page, were they taken for HTML."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.db import models

from profiles.models import AccessTemplate
from users.actions import accounts
from users.models import User

# Each would make an element or an attribute whose name holds the mark, were it taken for HTML.
MARK = "q7x"
PAYLOADS = [
    "<q7x>", "</title><q7x>", '"><q7x>', "'><q7x>", "</script><q7x>", "</textarea><q7x>", "--><q7x>", "</style><q7x>",
    '" onq7x="1', "' onq7x='1", "x onq7x=1 ", '" onmouseover="q7x" q7x="', "<svg/onload=alert(q7x)>", "<img src=q7x onerror=alert(q7x)>",
    "<a href=javascript:q7x>", "javascript:q7x", "<script>alert(q7x)</script>", "<iframe srcdoc=q7x>", "<base href=//q7x/>",
    "<form action=//q7x>", "<style>@import'//q7x'</style>", "&lt;q7x&gt;", "&#60;q7x>", "{{q7x}}{%q7x%}", "${q7x}<!--q7x",
    "\\u003cq7x\\u003e", "<q7x\x0conq7x=1>", "<<q7x>>",
]  # fmt: skip

# Which a rule of the database keeps, or what is not shown.
KEPT = {
    "ruc",
    "username",
    "password",
    "state",
    "document_type",
    "channel",
    "address",
    "session_key",
}
KEPT |= {"session_data", "search_text"}


def fill(model, keep: set[str] = frozenset()) -> None:
    """Every text of every row of a model gets a payload; two rows have different ones."""
    for number, row in enumerate(model.objects.all()):
        facts = {}
        for place, field in enumerate(model._meta.concrete_fields):
            payload = PAYLOADS[(number + place) % len(PAYLOADS)]
            if field.name in KEPT | keep or field.primary_key:
                continue
            if isinstance(field, models.JSONField):
                # What is read back from an entry, such as a state, stays what it is.
                held = getattr(row, field.name)
                texts = (*accounts.PERSON_FIELDS, "name", "codes", "options", "roles", "sessions")
                forged = {
                    name: [payload] if isinstance(held[name], list) else payload
                    for name in texts
                    if name in held and not isinstance(held[name], dict) and name != "document_type"
                }
                facts[field.name] = {**held, **forged, payload: payload}
            elif isinstance(field, models.CharField | models.TextField):
                fits = len(payload) <= (field.max_length or 99)
                facts[field.name] = payload if fits else "<q7x>"
        # Which must differ.
        if model is AccessTemplate:
            facts["name"] += str(number)
        if model is User:
            facts["document_number"] = f"<q7x{number}>"
        if facts:
            model.objects.filter(pk=row.pk).update(**facts)


def fill_administration(staff: User, rows: list[models.Model]) -> None:
    """What the administration shows of its own: groups to delete, and its log about these rows."""
    for payload in PAYLOADS:
        Group.objects.create(name=payload)
        LogEntry.objects.log_actions(staff.pk, rows, CHANGE, payload)
    LogEntry.objects.update(object_repr=PAYLOADS[2])
