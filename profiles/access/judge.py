"""Compare what is expected of the users of an operator with what stands."""

from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from operators.models import Operator, spoken
from profiles.access.expectations import Catalogue, ExpectedUser, ExpectedVerdict, Row
from profiles.access.verdict import Holdings, Timeline, Verdict, verdict
from profiles.models import Option
from users.models import User


@dataclass(frozen=True)
class State:
    """How users of one operator stand, read once: judging them then costs no query."""

    # The time of the operator's clock at which it was read.
    now: datetime
    catalogue: Catalogue
    # By usuario; and by code the options, each with what a verdict needs.
    accounts: Mapping[str, Timeline]
    leaves: Mapping[str, Option]
    locked: Container[User] = ()
    # The instant from which ``at`` counts, if not ``now``.
    leads_from: datetime | None = None

    @classmethod
    def of(
        cls,
        operator: Operator,
        catalogue: Catalogue,
        expectations: Sequence[ExpectedUser] | None = None,
        *,
        locks_of: Callable[[Collection[User]], Container[User]] | None = None,
        leads_from: datetime | None = None,
    ) -> Self:
        """Read the users and options that the expectations name; without expectations, all of them.

        An eliminated user is read if it is named and no other user has the usuario. ``locks_of``
        is ``users.signin.throttle.locks_of`` where a lock of the sign-in counts: then a user can
        open what a new browser could open; else, what an open session could.
        """
        leaves = Option.objects.every_leaf()
        if expectations is None:
            users = operator.users.existing().order_by("username")
        else:
            names = [expected.username for expected in expectations]
            users = operator.users.filter(username__in=names).order_by("pk")
            codes = {each.option for expected in expectations for each in expected.verdicts}
            leaves = leaves.filter(code__in=codes)
        # The last one of a usuario stays: the one that is not eliminated.
        by_rank = sorted(users, key=lambda user: user.state != User.State.ELIMINATED)
        by_username = {user.username: user for user in by_rank}
        users = list(by_username.values())
        timelines = Timeline.of_each(users)
        return cls(
            now=operator.now(),
            catalogue=catalogue,
            accounts={name: timelines[user] for name, user in by_username.items()},
            leaves={option.code: option for option in leaves.for_verdicts()},
            locked=locks_of(users) if locks_of else (),
            leads_from=leads_from,
        )

    def holdings(self, account: Timeline, lead: timedelta = timedelta()) -> Holdings:
        """Return what the account holds with the operator's clock so far ahead."""
        at = (self.leads_from or self.now) + lead if lead else self.now
        return account.at(at, is_locked=account.user in self.locked)

    def options(self, account: Timeline) -> list[str]:
        """Return the codes of the granted options in catalogue order."""
        held = {grant.code for grant in account.options}
        options = self.catalogue.options.items()
        return [code for code, option in options if code in held and not option.is_folder]

    def roles(self, account: Timeline) -> list[str]:
        """Return the codes of the granted roles in catalogue order."""
        held = {grant.code for grant in account.roles}
        return [code for code in self.catalogue.roles if code in held]


class Kind(StrEnum):
    """What a result is about. What is there and should not be has kinds of its own."""

    USER = "user"
    STATE = "state"
    OPTION = "option"
    EXTRA_OPTION = "extra_option"
    ROLE = "role"
    EXTRA_ROLE = "extra_role"
    CAN = "can"
    CANNOT = "cannot"


# What an item of these kinds is called.
WHAT = {
    Kind.OPTION: "la opción",
    Kind.EXTRA_OPTION: "la opción",
    Kind.ROLE: "el rol",
    Kind.EXTRA_ROLE: "el rol",
}


@dataclass(frozen=True)
class Item:
    """What was compared: of which user, and which option or role, with the clock how far ahead."""

    username: str
    kind: Kind
    code: str = ""
    at: str = ""


@dataclass(frozen=True)
class Finding:
    """What a comparison found, before it is put into words."""

    item: Item
    ok: bool
    # Of a state, and of a verdict: what stands and what was expected.
    stands: User.State | Verdict | None = None
    expected: User.State | ExpectedVerdict | None = None
    # The option or the role.
    row: Row | Option | None = None


@dataclass(frozen=True)
class Result:
    item: Item
    ok: bool
    sentence: str


def judge(expectations: Sequence[ExpectedUser], state: State) -> list[Result]:
    """Compare as ``compare``, in the words of testers."""
    return [
        Result(finding.item, finding.ok, _sentence(finding))
        for expected in expectations
        for finding in compare(expected, state)
    ]


def present(state: State) -> dict:
    """Return the document that expects what stands, of a state that was read without expectations.

    Of each granted option it expects that the user can open it, or cannot, for the deepest reason.
    """
    return {"users": [_present(name, state) for name in state.accounts]}


def _present(username: str, state: State) -> dict:
    account = state.accounts[username]
    holdings, options = state.holdings(account), state.options(account)
    decisions = {code: verdict(holdings, state.leaves[code]) for code in options}
    return {
        "username": username,
        "state": str(account.user.state),
        "options": options,
        "roles": state.roles(account),
        "can": [code for code, decision in decisions.items() if decision.permitted],
        "cannot": [
            {"option": code, "reason": decision.reasons[0].code}
            for code, decision in decisions.items()
            if not decision.permitted
        ],
    }


def compare(expected: ExpectedUser, state: State) -> Iterator[Finding]:
    """Compare what is expected of a user with the state that was read for it, in its order.

    Nothing more is found of a user that does not exist. What is there and was not expected comes
    after what was.
    """
    name, account = expected.username, state.accounts.get(expected.username)
    yield Finding(Item(name, Kind.USER), account is not None)
    if account is None:
        return
    if expected.state is not None:
        stands = User.State(account.user.state)
        ok = stands == expected.state
        yield Finding(Item(name, Kind.STATE), ok, stands, expected.state)
    if expected.options is not None:
        held, rows = state.options(account), state.catalogue.options
        yield from _exactly(name, Kind.OPTION, Kind.EXTRA_OPTION, expected.options, held, rows)
    if expected.roles is not None:
        held, rows = state.roles(account), state.catalogue.roles
        yield from _exactly(name, Kind.ROLE, Kind.EXTRA_ROLE, expected.roles, held, rows)
    holdings = {lead: state.holdings(account, lead) for lead in expected.leads}
    for each in expected.verdicts:
        option = state.leaves[each.option]
        decision = verdict(holdings[each.lead], option)
        kind = Kind.CAN if each.is_permitted else Kind.CANNOT
        item = Item(name, kind, each.option, each.at)
        yield Finding(item, each.is_met_by(decision), decision, each, option)


def _exactly(
    name: str,
    kind: Kind,
    extra: Kind,
    expected: Sequence[str],
    held: Sequence[str],
    rows: Mapping[str, Row],
) -> Iterator[Finding]:
    for code in expected:
        yield Finding(Item(name, kind, code), code in held, row=rows[code])
    for code in held:
        if code not in expected:
            yield Finding(Item(name, extra, code), False, row=rows[code])


def _sentence(finding: Finding) -> str:
    name, label = finding.item.username, _label(finding.row) if finding.row else ""
    match finding.item.kind:
        case Kind.USER:
            return f"{name}: existe." if finding.ok else f"{name}: falta el usuario."
        case Kind.STATE:
            instead = "" if finding.ok else f", y debería estar {finding.expected.label}"
            return f"{name}: está {finding.stands.label}{instead}."
        case Kind.OPTION | Kind.ROLE:
            what = WHAT[finding.item.kind]
            return f"{name}: {'tiene' if finding.ok else 'falta'} {what} {label}."
        case Kind.EXTRA_OPTION | Kind.EXTRA_ROLE:
            return f"{name}: sobra {WHAT[finding.item.kind]} {label}."
    lead = finding.expected.lead
    when = f", dentro de {spoken(lead)}" if lead else ""
    return f"{name}{when}: {_said(finding.expected, finding.stands, name, label)}"


def _said(expected: ExpectedVerdict, decision: Verdict, name: str, option: str) -> str:
    """Return what the verdict is, and how it differs from what was expected."""
    if decision.permitted:
        return f"puede {option}{'' if expected.is_permitted else ' y no debería'}."
    reasons = ", ".join(reason.code for reason in decision.reasons)
    if expected.is_permitted:
        return f"no puede {option}: {reasons}. {decision.reasons[0].for_admin.format(name)}"
    if not expected.is_met_by(decision):
        return f"no puede {option}, pero no por {expected.reason.code}: {reasons}."
    return f"no puede {option}: {reasons}."


def _label(row: Row | Option) -> str:
    return f"{row.code} «{row.name}»"
