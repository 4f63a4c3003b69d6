"""Ver accesos al <fecha>: what one user, or every user of the company, held on a past day."""

from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.views import View

from profiles.access.difference import option_paths, role_paths
from profiles.access.past import access_at, end_of, users_at
from profiles.forms.filters import PastDayForm
from users import tenancy
from users.lists.keyset import page_of


class PastAccessView(tenancy.PrincipalRequiredMixin, View):
    """Past access of the company or, with a usuario in the address, of that user, eliminated or not."""

    PAGE_SIZE = 50

    def get(self, request, username=None):
        account = None
        if username is not None:
            # Two users may have had the same usuario, one after the other.
            subject = request.GET.get("subject", "")
            account = tenancy.secondary_user(
                request.user, username, subject=subject, or_eliminated=True
            )
        form = PastDayForm(request.GET)
        context = {"form": form, "account": account}
        if form.is_valid():
            day = form.cleaned_data["fecha"]
            held = self.of_one(account, day) if account else self.of_everybody(day)
            context |= {"day": day, **held}
        return render(request, "profiles/past.html", context)

    def of_one(self, account, day) -> dict:
        past = access_at([account], end_of(day))[account]
        return {
            "past": past,
            "options": with_days(option_paths(past.options), past.options),
            "roles": [
                (path[1:], *days) for path, *days in with_days(role_paths(past.roles), past.roles)
            ],
        }

    def of_everybody(self, day) -> dict:
        users = users_at(self.request.user.operator, end_of(day))
        page = page_of(users, ["username", "pk"], self.PAGE_SIZE, self.request.GET)
        return {"page": page, "rows": access_at(page.rows, end_of(day)).items()}


def with_days(paths: dict, days: dict) -> list[tuple]:
    """Return each path with the first and the last day of its validity."""
    return [(path, *map(parse_date, days[code])) for code, path in paths.items()]
