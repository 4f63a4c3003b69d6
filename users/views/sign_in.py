"""Ingreso."""

from http import HTTPStatus

from django.contrib.auth.views import LoginView
from django.shortcuts import render

from users.forms import SignInForm
from users.unsent import UnsentForm


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
