"""Step 1 of the wizard."""

from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters

from users import tenancy
from users.actions import accounts
from users.forms.person import SecondaryUserForm
from users.history.recording import Actor
from users.models import User
from users.validators import normalise_username
from users.views.password import advise


@method_decorator(sensitive_post_parameters(), name="dispatch")
class CreateUserView(tenancy.PrincipalRequiredMixin, View):
    """Paso 1 de 3. Siguiente generates the user: the guide says so, docs/cartilla.md."""

    def get(self, request):
        return self.show(SecondaryUserForm(operator=request.user.operator))

    def post(self, request):
        form = SecondaryUserForm(request.POST, operator=request.user.operator)
        if form.is_valid():
            try:
                user = accounts.create_secondary_user(
                    actor=Actor.from_request(request), **form.account()
                )
            except ValidationError as error:
                form.add_errors(error)
            else:
                reset = reverse("users:reset_password", args=[user])
                advise(
                    request,
                    form.cleaned_data["password1"],
                    user,
                    change=("Restablecer clave", reset),
                )
                return self.go_on(form, user)
        if twin := self.created_by(form):
            return self.go_on(form, twin)
        return self.show(form)

    def go_on(self, form, user: User):
        """Lead to what was made; the address carries the template that step 2 begins with."""
        template = form.cleaned_data.get("template")
        query = {"plantilla": template} if template else None
        return redirect(reverse("users:created", args=[user], query=query))

    def created_by(self, form) -> User | None:
        """The user that this very form made already: a double click, or sent again by refresh."""
        key = form.cleaned_data.get("creation_key")
        username = normalise_username(form.data.get("username", ""))
        if key is None:
            return None
        twins = tenancy.secondary_users_of(self.request.user).filter(creation_key=key)
        return next((twin for twin in twins if twin.username == username), None)

    def show(self, form):
        return render(self.request, "users/create.html", {"form": form})


class CreatedView(tenancy.AboutOneUser, View):
    """What Siguiente made, and the guide's "Importante: Asignar Perfiles"."""

    def get(self, request):
        return render(request, "users/created.html", {"account": self.account})
