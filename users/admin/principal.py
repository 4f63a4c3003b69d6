"""The page where staff makes another account the principal user of an operator."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.urls import path, reverse

from operators.models import Operator
from users.actions import operators
from users.admin.pages import acting, form_page, row_to_change
from users.models import User


class PersonChoiceField(forms.ModelChoiceField):
    def label_from_instance(self, user):
        document = f"{user.document_label} {user.document_number}"
        return f"{user.username} – {user.get_full_name()} ({document})"


class PrincipalForm(forms.Form):
    """Which account becomes the principal; ``seen`` is the principal's usuario on the screen.

    Offers at most OFFERED accounts, those that ``wanted`` finds.
    """

    OFFERED = 100
    CHOOSE = "Elija a uno de los usuarios de la lista"

    user = PersonChoiceField(
        label="Nuevo usuario principal",
        queryset=User.objects.none(),
        empty_label="Seleccione…",
        error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, operator: Operator, principal: User, wanted: str = "", **kwargs):
        super().__init__(*args, initial={"seen": principal.username}, **kwargs)
        existing, field = operator.users.existing(), self.fields["user"]
        candidates = existing.secondary().filter(state=User.State.ACTIVE).matching(wanted)
        some = list(candidates.order_by("username")[: self.OFFERED + 1])
        self.is_cut = len(some) > self.OFFERED
        self.able = [user for user in some[: self.OFFERED] if not user.blocks]
        # Accept every user: when a form is sent twice, its user is the principal already.
        field.queryset = existing
        offered = [(user.pk, field.label_from_instance(user)) for user in self.able]
        field.widget.choices = [("", field.empty_label), *offered]

    def see(self, principal: User) -> None:
        """The form is shown again, now having seen this."""
        self.data = {**self.data.dict(), "seen": principal.username}


class PrincipalPage:
    """Mixin of the administration of operators: adds the page of the principal."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.principal_view)
        name = "operators_operator_principal"
        return [path("<path:object_id>/principal/", view, name=name), *super().get_urls()]

    def principal_view(self, request, object_id):
        operator = row_to_change(self, request, object_id)
        principal = operator.users.get(is_principal=True)
        data = request.POST if request.method == "POST" else None
        wanted = request.GET.get("q", "")
        form = PrincipalForm(data, operator=operator, principal=principal, wanted=wanted)
        if form.is_valid() and self.name_principal(request, operator, principal, form):
            return HttpResponseRedirect(
                reverse("admin:operators_operator_change", args=[operator.pk])
            )
        return form_page(
            self,
            request,
            form,
            title="Nombrar al usuario principal",
            submit="Nombrar principal" if form.able or form.is_bound else "",
            intro_template="admin/operators/operator/principal_intro.html",
            original=operator,
            principal=principal,
            wanted=wanted,
        )

    def name_principal(self, request, operator, former: User, form: PrincipalForm) -> bool:
        user, seen = form.cleaned_data["user"], form.cleaned_data["seen"]
        try:
            changed = operators.change_principal(actor=acting(request), user=user, seen=seen)
        except ValidationError as error:
            form.add_error("user", error)
            form.see(former)
            return False
        if changed:
            self.log_change(request, operator, f"Usuario principal: {former} → {user}.")
            messages.success(request, f"El usuario principal de {operator.name} ahora es {user}.")
        else:
            messages.info(request, f"{user} ya era el usuario principal. No se cambió nada.")
        return True
