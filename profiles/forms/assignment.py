"""Asignar Perfiles and Asignar Roles: what is marked among what the operator is offered."""

from collections.abc import Collection, Iterable
from functools import cached_property

from crispy_forms.layout import Div
from django import forms
from django.db.models import QuerySet

from operators.models import Operator
from profiles.access.role_needs import RoleNeed
from profiles.access.tree import Node, OptionTree
from profiles.models import Option, Role
from users.forms.layout import Buttons, Include, Link, Submit, layout
from users.forms.seen import SeenField

# What the guide says about the screen; ``guide`` is a variable of the screen.
GUIDE = Include("components/guide.html")


def tree_buttons(onward: Submit, back: Link) -> Div:
    """Return the buttons below what is selected: on a phone a bar at the foot of the window."""
    bar = Div(Include("components/selected_count.html"), onward, css_class="tree-bar")
    return Div(bar, back, css_class="tree-buttons")


class CodesField(forms.Field):
    """Marked codes as a frozenset: those of the ``offered`` rows. ``refused`` holds the others.

    A refused code may be any text: it never reaches the database.
    """

    widget = forms.CheckboxSelectMultiple

    def __init__(self, model: type[Option] | type[Role], **kwargs) -> None:
        super().__init__(required=False, **kwargs)
        self.model = model
        self.offered: QuerySet = model.objects.none()
        self.refused: frozenset[str] = frozenset()

    def clean(self, codes) -> frozenset[str]:
        marked = frozenset(codes)
        self.refused = marked - self.offered.codes()
        return marked - self.refused

    def refused_rows(self) -> list[Option] | list[Role]:
        """Return the rows of the refused codes, for the screen to name them."""
        return [row for row in self.model.objects.all() if row.code in self.refused]


class SeenCodesField(SeenField):
    """The codes that the screen showed as granted, as a frozenset.

    A text that is the code of no row cannot have been granted: it never reaches the database.
    """

    def __init__(self, model: type[Option] | type[Role]) -> None:
        super().__init__(kind=list)
        self.model = model

    def prepare_value(self, value):
        return super().prepare_value(sorted(value))

    def clean(self, value) -> frozenset[str]:
        seen = {code for code in super().clean(value) if isinstance(code, str)}
        return self.model.objects.all().codes() & seen if seen else frozenset()


class OfferedForm(forms.Form):
    """A form with CodesFields. It is not valid when a code was sent that is not offered."""

    NOT_OFFERED = (
        "Se enviaron opciones o roles que no se ofrecen a su empresa. "
        "Se quitaron de lo marcado y no se guardó nada."
    )

    def __init__(self, *args, operator: Operator, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, CodesField):
                field.offered = field.model.objects.offered_to(operator)

    def clean(self) -> dict:
        cleaned = super().clean()
        if self.refused:
            self.add_error(None, forms.ValidationError(self.NOT_OFFERED, code="not_offered"))
        return cleaned

    @property
    def refused(self) -> bool:
        """Whether a code was sent that is not offered."""
        return any(getattr(field, "refused", None) for field in self.fields.values())

    def shown(self, name: str):
        """Return what the screen shows in a field: what was sent or, in a new form, ``initial``."""
        return (self.cleaned_data if self.is_bound else self.initial).get(name) or ""


class OptionMarks(OfferedForm):
    """Options, marked one by one or, without script, by buttons.

    ``mark`` and ``unmark`` hold the code of a folder, ``remove`` that of an option: they are only
    compared with the codes of the tree. A folder is marked as far as the search shows it.
    """

    option = CodesField(Option)
    mark = forms.Field(required=False)
    unmark = forms.Field(required=False)
    remove = forms.Field(required=False)

    def clean(self) -> dict:
        cleaned = super().clean()
        if not self.errors and self.is_marking:
            tree = OptionTree(self.fields["option"].offered, query=self.shown("query"))
            cleaned["option"] |= tree.under(cleaned["mark"])
            cleaned["option"] -= tree.under(cleaned["unmark"]) | {cleaned["remove"]}
        return cleaned

    @property
    def is_marking(self) -> bool:
        """Whether one of the buttons was pressed that only change what is marked."""
        return any(self.cleaned_data.get(name) for name in ("mark", "unmark", "remove"))

    @cached_property
    def tree(self) -> OptionTree:
        """The offered options, as the screen draws them."""
        offered = self.fields["option"].offered.with_needs_role()
        tree = OptionTree(offered, selected=self.shown("option"), query=self.shown("query"))
        tree.needing_role_count = sum(leaf.row.needs_role for leaf in tree.selected)
        return tree


class RoleMarks(OfferedForm):
    """Roles, marked one by one."""

    role = CodesField(Role)

    @cached_property
    def roles(self) -> list[Role]:
        """The offered roles, each with ``is_marked``, as the screen draws them."""
        roles, marked = list(self.fields["role"].offered), self.shown("role")
        for role in roles:
            role.is_marked = role.code in marked
        return roles

    def mark(self, codes: Collection[str]) -> None:
        """Show these roles as marked, and no others."""
        for role in self.roles:
            role.is_marked = role.code in codes

    def describe(self, needs: Iterable[RoleNeed], expired: Collection[str]) -> None:
        """Say of each role which of the user's options it opens, and of each need if it is met."""
        for role in self.roles:
            role.is_expired = role.code in expired
            role.opens = [option for need in needs if role in need.roles for option in need.options]
        for need in needs:
            need.is_met = any(role.is_marked and not role.is_expired for role in need.roles)


class OptionsForm(OptionMarks):
    """Asignar Perfiles: one profile is open, its options are searched and marked."""

    seen = SeenCodesField(Option)
    profile = forms.Field(required=False)
    query = forms.Field(required=False)
    # Buttons: the profile to open next, and what to do with the marks.
    open = forms.Field(required=False)
    do = forms.Field(required=False)

    helper = layout(
        Div(Include("profiles/options_tree.html")),
        Div(
            Include("components/selected_options.html"),
            tree_buttons(
                Submit("Siguiente", name="do", value="next", css_id="onward"),
                Link("Retroceder", address="back"),
            ),
            GUIDE,
            css_class="tree-aside",
        ),
        css_class="option-form",
    )

    def clean_query(self) -> str:
        """Return as much of the search as an address has room for, without what none may hold."""
        return "".join(filter(str.isprintable, self.cleaned_data["query"] or ""))[:100]

    def clean_open(self) -> str | None:
        """Open a profile with no search: what was searched was in the profile before."""
        if opened := self.cleaned_data["open"]:
            self.cleaned_data |= {"profile": opened, "query": ""}
        return opened

    @property
    def query_shown(self) -> str:
        return self.shown("query")

    @cached_property
    def profile_shown(self) -> Node | None:
        """The open profile: the chosen one, or the first in which the account has options."""
        if code := self.shown("profile"):
            return next((node for node in self.tree if node.code == code), None)
        has_some = bool(self.shown("seen"))
        return next((node for node in self.tree if has_some and node.selected_count), None)

    @property
    def search_status(self) -> str:
        """Return how many options the search found, and how many marked ones it hides."""
        profile, query = self.profile_shown, self.query_shown
        if not query:
            return ""
        count, hidden = profile.match_count, profile.hidden_selected_count
        found = "Coincide 1 opción" if count == 1 else f"Coinciden {count} opciones"
        left = f"{hidden} seleccionadas no se ven, pero siguen marcadas."
        if hidden == 1:
            left = "1 seleccionada no se ve, pero sigue marcada."
        return f"{found} con “{query}”. {left if hidden else ''}".strip()

    @property
    def is_unsaved(self) -> bool:
        """Whether other options are marked than those that are granted."""
        return self.shown("option") != self.shown("seen")


class SummaryForm(OptionsForm):
    """The summary of Asignar Perfiles: the marks travel on, to Grabar."""

    option = CodesField(Option, widget=forms.MultipleHiddenInput)
    profile = forms.Field(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, action: str = "", **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.action = action

    @property
    def helper(self):
        return layout(
            Div(
                Include("profiles/summary_options.html"),
                Buttons(
                    Submit("Grabar", name="do", value="save"), Link("Retroceder", address="back")
                ),
                css_class="confirming",
            ),
            Div(Include("profiles/summary_menu.html"), GUIDE, css_class="aside-column"),
            css_class="with-aside",
            action=self.action,
        )


class NoOptionsForm(SummaryForm):
    """Asked when no option is marked."""

    @property
    def helper(self):
        return layout(
            Buttons(
                Link("Volver y asignar", address="back", kind="primary"),
                Submit("Continuar sin opciones", kind="plain", name="do", value="save"),
            ),
            css_class="",
            action=self.action,
        )


class RolesForm(RoleMarks):
    """Asignar Roles."""

    seen = SeenCodesField(Role)
    do = forms.Field(required=False)

    helper = layout(
        Include("components/role_checkboxes.html"),
        Buttons(
            Submit("Asignar"),
            Include("profiles/roles_check.html"),
            Link("Cancelar", "profiles:user_list"),
        ),
    )

    def is_correction(self) -> bool:
        """Whether granted roles change: the first roles are assigned at once, as in the guide."""
        return (
            bool(self.cleaned_data["seen"])
            and self.cleaned_data["role"] != self.cleaned_data["seen"]
        )


class RolesDifferenceForm(RolesForm):
    """What changes in the roles, shown before Asignar."""

    role = CodesField(Role, widget=forms.MultipleHiddenInput)

    helper = layout(
        Include("profiles/roles_difference_form.html"),
        Buttons(
            Submit("Asignar", name="do", value="save"),
            Submit("Retroceder", kind="plain", name="do", value="back"),
        ),
        css_class="",
    )
