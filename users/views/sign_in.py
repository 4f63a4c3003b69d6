"""Ingreso: the sign-in pages of operators and of staff, and the page for the second factor."""

from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView, RedirectURLMixin
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from users.forms.second_factor import CodeForm
from users.forms.sign_in import ResumeForm, SignInForm, StaffSignInForm
from users.models import User
from users.signin import pending
from users.signin.entry import sign_in
from users.signin.throttle import LockedError
from users.signin.unsent import UnsentForm
from users.views.proofs import prove_code


class PasswordView(LoginView):
    """Authenticates by password; with a second factor, the sign-in is pending until the code."""

    unsent: UnsentForm | None = None

    @method_decorator(sensitive_variables())
    def form_valid(self, form):
        try:
            user = authenticate(self.request, **form.cleaned_data)
        except LockedError as locked:
            return self.refuse(form, form.locked_sentence(locked))
        if user is None:
            return self.refuse(form, form.get_invalid_login_error())
        return enter(self.request, user, self.get_redirect_url(), self.unsent)

    def refuse(self, form, error):
        """The page again, with the error above the fields."""
        form.add_error(None, error)
        return self.form_invalid(form)


class SignInView(PasswordView):
    """Ingreso of operators. RUC and usuario stay after an error, the password never."""

    template_name = "users/sign_in.html"
    authentication_form = SignInForm

    @classmethod
    def keeping(cls, request, unsent: UnsentForm):
        """The sign-in page that keeps a form which arrived after its session ended."""
        view = cls(unsent=unsent)
        view.setup(request)
        form = SignInForm(request)
        return view.render_to_response(
            view.get_context_data(form=form), status=HTTPStatus.UNAUTHORIZED
        )

    def get_initial(self):
        """RUC and usuario may stand in the address: of a practice account, or of who just left."""
        asked = self.request.GET
        return {"ruc": asked.get("ruc", ""), "username": asked.get("usuario", "")}

    def post(self, request, *args, **kwargs):
        self.unsent = UnsentForm.loads(request.POST.get("unsent", ""))
        return super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        ended = self.request.user.is_anonymous and self.request.GET.get("sesion") == "terminada"
        return super().get_context_data(
            unsent=self.unsent, session_ended=ended or bool(self.unsent), **kwargs
        )


@method_decorator(login_not_required, name="dispatch")
class SignOutView(LogoutView):
    """Salir. Who enters next in this browser is often of the same company, so its RUC stays."""

    def post(self, request, *args, **kwargs):
        operator = request.user.operator if request.user.is_authenticated else None
        response = super().post(request, *args, **kwargs)
        if operator is None:
            return response
        messages.success(request, f"Ha salido de {operator.name.removesuffix('.')}.")
        query = {"ruc": operator.ruc, "usuario": request.POST.get("usuario", "")}
        return redirect(reverse("users:sign_in", query={k: v for k, v in query.items() if v}))


class StaffSignInView(PasswordView):
    """Ingreso of staff, inside the administration (``portal.staff_site``)."""

    template_name = "admin/login.html"
    authentication_form = StaffSignInForm


@method_decorator([login_not_required, sensitive_post_parameters()], name="dispatch")
class CodeView(RedirectURLMixin, View):
    """The code of the second factor, for a pending sign-in of an operator's account or of staff."""

    unsent: UnsentForm | None = None

    @classmethod
    def asking(cls, request, next_url: str, unsent: UnsentForm | None):
        """The response to a right password; the page itself carries a form that was kept."""
        if unsent is None:
            return redirect(with_next("users:sign_in_code", next_url))
        view = cls(unsent=unsent)
        view.setup(request)
        view.user = pending.user_of(request)
        return view.show(CodeForm())

    def dispatch(self, request):
        self.user = pending.user_of(request)
        self.unsent = UnsentForm.loads(request.POST.get("unsent", ""))
        return super().dispatch(request) if self.user else self.begin_again()

    def begin_again(self):
        """Back to the sign-in page: no sign-in is pending, or it has expired."""
        if self.unsent:
            return SignInView.keeping(self.request, self.unsent)
        page, next_url = pending.sign_in_page(self.request), self.get_redirect_url()
        if pending.end(self.request):
            messages.info(self.request, "Pasó el tiempo para escribir el código. Ingrese de nuevo.")
        return redirect(with_next(page, next_url))

    def get(self, request):
        return self.show(CodeForm())

    @method_decorator(sensitive_variables())
    def post(self, request):
        form = CodeForm(request.POST)
        if not (form.is_valid() and prove_code(request, form, self.user)):
            return self.show(form)
        sign_in(request, self.user)
        if form.given == "recovery_code":
            left = self.user.second_factor.recovery_codes.count()
            rest = {0: "no le queda ninguno", 1: "le queda 1"}.get(left, f"le quedan {left}")
            messages.warning(
                request,
                f"Ingresó con un código de recuperación; {rest}. Si ya no tiene su "
                "teléfono, desactive el segundo factor y actívelo con el nuevo.",
            )
        return entered(request, self.get_redirect_url(), self.unsent)

    def show(self, form):
        context = {
            "form": form,
            "next": self.get_redirect_url(),
            "unsent": self.unsent,
            "door": reverse(pending.sign_in_page(self.request)),
            "pending_user": self.user,
        }
        return render(self.request, "users/sign_in_code.html", context)


def with_next(name: str, next_url: str) -> str:
    """The address of a page that leads to ``next_url`` after sign-in."""
    return reverse(name, query={"next": next_url} if next_url else None)


def enter(request, user: User, next_url: str, unsent: UnsentForm | None = None):
    """Sign in an account that ``authenticate`` returned, or ask for the code of its second factor."""
    if user.has_second_factor:
        pending.begin(request, user)
        return CodeView.asking(request, next_url, unsent)
    sign_in(request, user)
    return entered(request, next_url, unsent)


def entered(request, next_url: str, unsent: UnsentForm | None):
    """The response to a completed sign-in: the user's form that was kept, or the page asked for."""
    if unsent and unsent.belongs_to(request.user):
        return resume(request, unsent)
    return redirect(next_url or settings.LOGIN_REDIRECT_URL)


def resume(request, unsent: UnsentForm, *, status: int = HTTPStatus.OK):
    """The page that offers to send a form again which arrived without its session."""
    context = {"unsent": unsent, "form": ResumeForm(unsent=unsent)}
    return render(request, "users/resume.html", context, status=status)
