"""Accesos: which user holds what and whether it works, in one table."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from django.shortcuts import render
from django.urls import reverse
from django.views import View

from profiles.access.findings import Offer, count_each
from profiles.access.reasons import OF_THE_ACCOUNT, ORDER, Reason
from profiles.access.tree import OptionTree
from profiles.access.verdict import Holdings, verdict
from profiles.forms.filters import UserFilterForm
from profiles.models import Option, Role
from profiles.spreadsheet import file_response
from users import tenancy
from users.lists.keyset import page_of
from users.models import User
from users.signin.throttle import locks_of

# What a cell shows of an option or role that the user holds.
WORKS, LACKS, STOPPED = "works", "lacks", "stopped"


class AccessTableView(tenancy.PrincipalRequiredMixin, View):
    """Options and roles down, users across, as many as a page of paper takes."""

    PAGE_SIZE = 20
    SHOW_ALL_ROWS = "todas"

    def get(self, request):
        self.operator = request.user.operator
        everybody = User.objects.secondary().filter(operator=self.operator)
        filters = UserFilterForm(request.GET, operator=self.operator)
        users = filters.filter(everybody)
        if kind := request.GET.get("formato"):
            ordered = users.order_by("username", "pk")
            return file_response(kind, file_rows(ordered), f"accesos-{self.operator.ruc}")
        page = page_of(users, ["username", "pk"], self.PAGE_SIZE, request.GET)
        for user in page:
            user.operator = self.operator
            # Computed once per user: most cells of the table may need it.
            user.why = reverse("profiles:why", args=[user.username])
        holdings = Holdings.of_each(page.rows, locked=locks_of(page))
        shows_all = request.GET.get("filas") == self.SHOW_ALL_ROWS
        groups = self.groups(holdings, filters.offer, every_row=shows_all)
        context = {
            "filters": filters,
            "page": page,
            "findings": count_each(everybody, filters.offer),
            "shows_all": shows_all,
            "groups": groups,
            "people": people(page, groups),
        }
        return render(request, "profiles/access_table.html", context)

    def groups(
        self, holdings: dict[User, Holdings], offer: Offer, *, every_row: bool
    ) -> list[tuple]:
        """Return the rows of cells under the name of each profile, and under that of the roles."""
        held = {code for each in holdings.values() for code in each.options}
        leaves = {leaf.code: leaf for leaf in Option.objects.granted(held).for_verdicts()}
        if every_row:
            offered = Option.objects.offered_to(self.operator).for_verdicts()
            leaves |= {leaf.code: leaf for leaf in offered}
        groups = [
            (
                profile.row.name,
                [
                    (
                        leaf.code,
                        leaf.row.name,
                        leaf.parent.trail_in_profile,
                        [
                            shown(user, *option_cell(each, leaf.row), leaf.code)
                            for user, each in holdings.items()
                        ],
                    )
                    for leaf in profile.leaves
                ],
            )
            for profile in OptionTree(leaves.values())
        ]
        roles = [
            (
                code,
                name,
                "",
                [shown(user, *role_cell(each, code)) for user, each in holdings.items()],
            )
            for code, name in offer.roles.items()
            if every_row or any(code in each.roles for each in holdings.values())
        ]
        return [*groups, ("Roles", roles)] if roles else groups


def shown(user: User, mark: str, reason: Reason | None, option: str = "") -> tuple[str, str, str]:
    """Return what a cell shows: its mark, why it does not work, and the address that explains it."""
    if reason is None:
        return mark, "", ""
    is_explained = option and user.state != User.State.ELIMINATED
    address = f"{user.why}?opcion={option}" if is_explained else ""
    return mark, reason.for_admin.format(user.username), address


def option_cell(holdings: Holdings, option: Option) -> tuple[str, Reason | None]:
    """Return the mark of a held option, else "", and the first reason why it does not work."""
    if option.code not in holdings.options:
        return "", None
    return marked(verdict(holdings, option).reasons)


def role_cell(holdings: Holdings, code: str) -> tuple[str, Reason | None]:
    if code not in holdings.roles:
        return "", None
    reasons = holdings.account | {holdings.roles[code]} - {None}
    return marked(sorted(reasons, key=ORDER.__getitem__))


def marked(reasons) -> tuple[str, Reason | None]:
    """Return the mark for these reasons, the deepest first, and the first of them."""
    if not reasons:
        return WORKS, None
    return STOPPED if reasons[0] in OF_THE_ACCOUNT else LACKS, reasons[0]


def people(users, groups: list[tuple]) -> list[tuple[str, str, str, str, Counter]]:
    """Return of each user the address of its page, if it has one, the usuario, the state unless it
    is active, the name, and how many of its cells carry each mark: the table as a phone shows it.
    """
    return [
        (
            "" if user.state == User.State.ELIMINATED else reverse("profiles:user", args=[user]),
            user.username,
            "" if user.state == User.State.ACTIVE else user.get_state_display(),
            user.get_full_name(),
            Counter(row[3][column][0] for _, rows in groups for row in rows),
        )
        for column, user in enumerate(users)
    ]


def file_rows(users) -> Iterator[list]:
    """Yield one row for each user and each option or role that the user holds."""
    yield ["Usuario", "Nombres y Apellidos", "Estado", "Qué", "Código", "Nombre", "Ruta", "Rige", "Por qué no"]  # fmt: skip
    tree = OptionTree(Option.objects.every_leaf().for_verdicts())
    leaves = {leaf.code: leaf for leaf in tree.ordered_leaves}
    roles = {role.code: role for role in Role.objects.select_related("operator_type")}
    remaining = users.select_related("operator").iterator(chunk_size=200)
    while some := list(islice(remaining, 200)):
        for user, holdings in Holdings.of_each(some, locked=locks_of(some)).items():
            person = [user.username, user.get_full_name(), user.get_state_display()]
            for code, leaf in leaves.items():
                mark, reason = option_cell(holdings, leaf.row)
                if mark:
                    yield [
                        *person,
                        "Opción",
                        code,
                        leaf.row.name,
                        " › ".join(leaf.parent.path),
                        *said(reason, user),
                    ]
            for code in holdings.roles:
                role = roles[code]
                _, reason = role_cell(holdings, code)
                yield [
                    *person,
                    "Rol",
                    code,
                    role.name,
                    role.operator_type.name,
                    *said(reason, user),
                ]


def said(reason: Reason | None, user: User) -> list[str]:
    return ["No", reason.for_admin.format(user)] if reason else ["Sí", ""]
