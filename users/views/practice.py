"""Crear mi empresa de práctica, for visitors; its token and its reset, for its principal."""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.debug import sensitive_variables

from users import tenancy
from users.actions import practice
from users.forms.practice import PracticeCompanyForm, ResetPracticeForm, TokenForm
from users.history.recording import Actor
from users.signin.throttle import LockedError


@method_decorator(login_not_required, name="dispatch")
class NewPracticeCompanyView(View):
    """The types and days of a company; the answer shows RUC, usuario and clave once."""

    def get(self, request):
        return self.show(PracticeCompanyForm())

    @method_decorator(sensitive_variables())
    def post(self, request):
        form = PracticeCompanyForm(request.POST)
        if not form.is_valid():
            return self.show(form)
        try:
            company = practice.create_for_visitor(request=request, **form.company())
        except LockedError as locked:
            form.add_error(None, too_many(locked))
            response = self.show(form, status=HTTPStatus.TOO_MANY_REQUESTS)
            response["Retry-After"] = locked.seconds
            return response
        except ValidationError as error:
            form.add_error(None, error)
            return self.show(form)
        # Answer with the page itself: the password is not stored, so no later page could show it.
        return render(request, "users/practice_created.html", {"company": company})

    def show(self, form, *, status=HTTPStatus.OK):
        return render(self.request, "users/practice_new.html", {"form": form}, status=status)


def too_many(locked: LockedError) -> str:
    """What a visitor reads whose address has created too many practice companies."""
    return (
        "Desde su conexión ya se crearon muchas empresas de práctica. "
        f"Intente de nuevo en {locked.wait}."
    )


class OwnPracticeCompany(tenancy.PrincipalRequiredMixin, View):
    """A screen of the principal of an open practice company."""

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_principal:
            practice.require_open(request.user.operator)
        return super().dispatch(request, *args, **kwargs)


class TokenView(OwnPracticeCompany):
    """Token de la API: what it is, by GET; by POST a new one, shown once."""

    def get(self, request):
        return render(request, "users/practice_token.html", {"form": TokenForm()})

    @method_decorator(sensitive_variables())
    def post(self, request):
        token = practice.issue_token(
            actor=Actor.from_request(request), operator=request.user.operator
        )
        # The answer itself shows it: it is stored nowhere.
        return render(request, "users/practice_token.html", {"token": token})


class ResetPracticeView(OwnPracticeCompany):
    """What a reset does, by GET; by POST do it."""

    def get(self, request):
        users = tenancy.secondary_users_of(request.user).count()
        context = {"form": ResetPracticeForm(), "users": users}
        return render(request, "users/practice_reset.html", context)

    def post(self, request):
        practice.reset(
            actor=Actor.from_request(request),
            operator=request.user.operator,
            session_key=request.session.session_key,
        )
        messages.success(request, "La empresa está como al crearla. Su clave es la misma.")
        return redirect("portal:home")
