"""The second factor of the signed-in user: turn it on, renew its recovery codes, turn it off."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from users import tenancy
from users.actions import signing_in
from users.forms.password import OwnPasswordProofForm
from users.forms.second_factor import (
    NewRecoveryCodesForm,
    RemoveSecondFactorForm,
    TurnOffSecondFactorForm,
    TurnOnSecondFactorForm,
)
from users.history.recording import Actor
from users.signin import second_factor
from users.signin.sessions import open_sessions
from users.views.proofs import prove_password


@method_decorator(sensitive_post_parameters(), name="dispatch")
class SecondFactorView(View):
    """Turn the second factor on; once it is on, show its state."""

    @method_decorator(sensitive_variables())
    def get(self, request):
        if request.user.has_second_factor:
            return render(
                request, "users/second_factor.html", {"factor": request.user.second_factor}
            )
        return self.show(TurnOnSecondFactorForm(account=request.user))

    @method_decorator(sensitive_variables())
    def post(self, request):
        if request.user.has_second_factor:
            messages.info(
                request,
                "El segundo factor ya está activado. Si no guardó los códigos de recuperación, "
                "haga otros.",
            )
            return redirect("users:second_factor")
        form = TurnOnSecondFactorForm(request.POST, account=request.user)
        if form.secret is None:
            messages.info(request, "Ese dibujo ya no sirve. Empiece con este, que es nuevo.")
            return redirect("users:second_factor")
        if not prove_password(request, form, "password"):
            return self.show(form)
        others = open_sessions(request.user).exclude(pk=request.session.session_key).count()
        try:
            codes = signing_in.turn_on_second_factor(
                actor=Actor.from_request(request),
                secret=form.secret,
                code=form.cleaned_data["code"],
                session_key=request.session.session_key,
            )
        except ValidationError as error:
            form.add_error(None, error)
            return self.show(form)
        return codes_page(request, codes, turned_on=True, closed=others)

    @method_decorator(sensitive_variables())
    def show(self, form):
        user = self.request.user
        name = f"{user.operator.ruc} {user}" if user.operator else str(user)
        context = {
            "form": form,
            "secret": second_factor.grouped(form.secret),
            "qr_code": second_factor.qr_code(form.secret, name),
        }
        return render(self.request, "users/second_factor_on.html", context)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class ProvenView(View):
    """A change of the second factor that asks for the password first."""

    template_name = ""
    form_class: type[OwnPasswordProofForm]

    def dispatch(self, request):
        if not request.user.has_second_factor:
            return redirect("users:second_factor")
        return super().dispatch(request)

    def get(self, request):
        return self.show(self.form_class())

    def post(self, request):
        form = self.form_class(request.POST)
        is_proven = prove_password(request, form, "password")
        return self.do(request) if is_proven else self.show(form)

    def do(self, request):
        """The response once the password is proved; makes the change."""
        raise NotImplementedError

    def show(self, form):
        return render(self.request, self.template_name, {"form": form})


class TurnOffView(ProvenView):
    template_name = "users/second_factor_off.html"
    form_class = TurnOffSecondFactorForm

    def do(self, request):
        signing_in.turn_off_second_factor(actor=Actor.from_request(request), user=request.user)
        messages.success(request, "Se desactivó el segundo factor.")
        return redirect("users:second_factor")


class RecoveryCodesView(ProvenView):
    template_name = "users/recovery_codes_new.html"
    form_class = NewRecoveryCodesForm

    @method_decorator(sensitive_variables())
    def do(self, request):
        codes = signing_in.make_recovery_codes(actor=Actor.from_request(request))
        return codes_page(request, codes)


@sensitive_variables()
def codes_page(request, codes: list[str], **context):
    """The codes, in the response to the POST: they are stored nowhere, so a redirect cannot show them."""
    codes = [second_factor.grouped(code, "-") for code in codes]
    context |= {"codes": codes, "as_text": "\r\n".join(codes)}
    return render(request, "users/recovery_codes.html", context)


class RemoveSecondFactorView(tenancy.AboutOneUser, View):
    """Turn off the second factor of a secondary user who lost the telephone and the recovery codes."""

    def get(self, request):
        context = {"account": self.account, "form": RemoveSecondFactorForm()}
        return render(request, "users/second_factor_remove.html", context)

    def post(self, request):
        user = self.account
        if signing_in.turn_off_second_factor(actor=Actor.from_request(request), user=user):
            messages.success(request, f"Se quitó el segundo factor de {user}.")
        else:
            messages.info(request, f"{user} ya no tenía segundo factor.")
        return redirect("profiles:user", user)
