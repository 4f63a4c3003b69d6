"""Hoja de traslado: a sheet to print, to give the user the same access in the real portal."""

from django.shortcuts import render
from django.views import View

from profiles.access.tree import OptionTree
from profiles.access.verdict import Holdings
from profiles.models import Option, Role
from users import tenancy


class TransferSheetView(tenancy.AboutOneUser, View):
    def get(self, request):
        user = self.account
        holdings = Holdings.of(user)
        options = Option.objects.offered_to(user.operator).filter(code__in=holdings.options)
        context = {
            "account": user,
            "tree": OptionTree(options),
            "roles": Role.objects.offered_to(user.operator).filter(code__in=holdings.roles),
            "today": user.operator.today(),
        }
        return render(request, "profiles/transfer.html", context)
