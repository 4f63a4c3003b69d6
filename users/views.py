"""The screens of accounts: Ingreso, step 1 of the wizard, Cambiar Estado.

Screens that show an account together with its options and roles stand in ``profiles.views``.
"""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters

from users import access, actions
from users.audit import Actor
from users.forms import SecondaryUserForm, SignInForm, StateForm
from users.models import User
from users.unsent import UnsentForm
from users.validators import normalise_username


class SignInView(LoginView):
    """Ingreso. The RUC and the usuario stay after an error, the clave never."""

    template_name = "users/sign_in.html"
    authentication_form = SignInForm
    unsent: UnsentForm | None = None

    @classmethod
    def keeping(cls, request, unsent: UnsentForm):
        """The sign-in page for somebody whose session ended before this form arrived."""
        view = cls(unsent=unsent)
        view.setup(request)
        form = SignInForm(request)
        return view.render_to_response(
            view.get_context_data(form=form), status=HTTPStatus.UNAUTHORIZED
        )

    def post(self, request, *args, **kwargs):
        self.unsent = UnsentForm.loads(request.POST.get("unsent", ""))
        return super().post(request, *args, **kwargs)

    def form_valid(self, form):
        response = super().form_valid(form)
        if self.unsent and self.unsent.belongs_to(form.get_user()):
            return resume(self.request, self.unsent)
        return response

    def get_context_data(self, **kwargs):
        ended = self.request.user.is_anonymous and self.request.GET.get("sesion") == "terminada"
        return super().get_context_data(
            unsent=self.unsent, session_ended=ended or bool(self.unsent), **kwargs
        )


def resume(request, unsent: UnsentForm, *, status: int = HTTPStatus.OK):
    """Offer a form that could not be taken to be sent again."""
    return render(request, "users/resume.html", {"unsent": unsent}, status=status)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class CreateUserView(access.PrincipalRequiredMixin, View):
    """Paso 1 de 3. Siguiente generates the user: the guide says so, docs/cartilla.md."""

    def get(self, request):
        return self.show(SecondaryUserForm(operator=request.user.operator))

    def post(self, request):
        form = SecondaryUserForm(request.POST, operator=request.user.operator)
        if form.is_valid():
            try:
                user = actions.create_secondary_user(
                    actor=Actor.from_request(request), **form.account()
                )
            except ValidationError as error:
                form.add_errors(error)
            else:
                return redirect("users:created", user.username)
        if twin := self.created_by(form):
            return redirect("users:created", twin.username)
        return self.show(form)

    def created_by(self, form) -> User | None:
        """The user that this very form made already: a double click, or sent again by refresh."""
        key = form.cleaned_data.get("creation_key")
        username = normalise_username(form.data.get("username", ""))
        if key is None:
            return None
        twins = access.secondary_users_of(self.request.user).filter(creation_key=key)
        return next((twin for twin in twins if twin.username == username), None)

    def show(self, form):
        return render(self.request, "users/create.html", {"form": form})


class CreatedView(access.PrincipalRequiredMixin, View):
    """What Siguiente made, and the guide's "Importante: Asignar Perfiles"."""

    def get(self, request, username):
        user = access.secondary_user(request.user, username)
        return render(request, "users/created.html", {"account": user})


class ChangeStateView(access.PrincipalRequiredMixin, View):
    """Cambiar Estado: suspend, reactivate or eliminate one user, with the consequence stated."""

    ACTIONS = {
        "suspend": (actions.suspend_user, "Se ha suspendido al usuario {}."),
        "reactivate": (actions.reactivate_user, "Se ha reactivado al usuario {}."),
        "eliminate": (actions.eliminate_user, "Se ha eliminado al usuario {}."),
    }

    def get(self, request, username):
        user = access.secondary_user(request.user, username)
        return self.show(user, StateForm(user=user))

    def post(self, request, username):
        # An eliminated user too: the same form sent twice must find it.
        subject = request.POST.get("subject", "")
        user = access.secondary_user(request.user, username, subject=subject, or_eliminated=True)
        form = StateForm(request.POST, user=user)
        if not form.is_valid():
            return self.show(user, form)
        action, sentence = self.ACTIONS[form.cleaned_data["change"]]
        try:
            action(actor=Actor.from_request(request), user=user)
        except ValidationError as error:
            form.add_error("change", error)
            return self.show(user, form)
        messages.success(request, sentence.format(user))
        return redirect("profiles:user_list")

    def show(self, user, form):
        return render(self.request, "users/change_state.html", {"account": user, "form": form})
