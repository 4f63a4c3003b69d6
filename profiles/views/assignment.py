"""What Asignar Perfiles and Asignar Roles share.

The screens serve both the wizard, where each has its ``step``, and the later correction of an
account from the list, where ``step`` is None.
"""

from http import HTTPStatus

from django.shortcuts import render
from django.urls import reverse

from profiles.forms.assignment import OptionsForm, RolesForm
from profiles.views.wizard import StepView
from users import tenancy


class AssignmentView(tenancy.AboutOneUser, StepView):
    """What the assignment screens share: their forms, addresses and pages."""

    form_class: type[OptionsForm] | type[RolesForm]

    def form(self, data=None, *, form_class=None, action=None, **initial):
        """Return a form bound to ``data`` or, for a page to draw, one that shows ``initial``."""
        options = {"action": action} if action else {}
        return (form_class or self.form_class)(
            data, operator=self.account.operator, auto_id=False, initial=initial, **options
        )

    def url(self, name: str) -> str:
        return reverse(f"profiles:{'wizard_' if self.step else ''}{name}", args=[self.account])

    def page(self, template: str, *, status: int = HTTPStatus.OK, **context):
        context |= {"account": self.account, "step": self.step}
        return render(self.request, template, context, status=status)
