"""Plantillas: named sets of options and roles, ready-made or made by the company."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View

from profiles.access.difference import access_of, option_paths, role_paths
from profiles.access.tree import OptionTree
from profiles.actions.grants import NotOfferedError
from profiles.actions.templates import (
    delete_template,
    save_template,
)
from profiles.forms.templates import DeleteTemplateForm, TemplateForm
from profiles.models import AccessTemplate, Role
from users import tenancy
from users.history.recording import Actor
from users.stale import StaleError


def offered_template(request, pk: int | None) -> AccessTemplate:
    """Return a template of the company or a ready-made one of its types. Raise Http404 otherwise."""
    return get_object_or_404(AccessTemplate.objects.offered_to(request.user.operator), pk=pk)


def own_template(request, pk: int) -> AccessTemplate:
    template = offered_template(request, pk)
    if template.is_ready_made:
        raise Http404
    return template


class TemplateListView(tenancy.PrincipalRequiredMixin, View):
    def get(self, request):
        templates = AccessTemplate.objects.offered_to(request.user.operator).prefetch_related(
            "options", "roles"
        )
        return render(request, "profiles/template_list.html", {"templates": templates})


class TemplateView(tenancy.PrincipalRequiredMixin, View):
    """What a template grants, and which of it is no longer offered."""

    def get(self, request, pk):
        template = offered_template(request, pk)
        operator = request.user.operator
        offered = OptionTree(template.options.offered_to(operator))
        options, roles = access_of(template)
        own_roles = Role.objects.offered_to(operator).filter(code__in=roles)
        left_out = option_paths(options - offered.codes) | role_paths(
            roles - {role.code for role in own_roles}
        )
        return render(
            request,
            "profiles/template.html",
            {
                "template": template,
                "tree": offered,
                "roles": own_roles,
                "left_out": left_out.values(),
            },
        )


class EditTemplateView(tenancy.PrincipalRequiredMixin, View):
    """Correct a template, or make a new one: empty, or from a user or another template."""

    def dispatch(self, request, pk=None):
        tenancy.require_principal(request.user)
        self.template = own_template(request, pk) if pk is not None else None
        return super().dispatch(request)

    def get(self, request):
        options, roles, initial = frozenset(), frozenset(), {}
        if self.template:
            options, roles = access_of(self.template)
            initial = {"name": self.template.name, "seen": self.template.facts()}
        elif username := request.GET.get("usuario"):
            options, roles = access_of(tenancy.secondary_user(request.user, username))
        elif source := request.GET.get("plantilla"):
            options, roles = access_of(offered_template(request, tenancy.key_of(source)))
        return self.show(self.form(initial=initial | {"option": options, "role": roles}))

    def post(self, request):
        form = self.form(request.POST)
        form.is_valid()
        if form.refused:
            return self.show(form, status=HTTPStatus.BAD_REQUEST)
        chosen = form.cleaned_data
        if form.is_marking:
            return self.show(form)
        try:
            saved = save_template(
                actor=Actor.from_request(request),
                name=chosen.get("name", ""),
                options=chosen["option"],
                roles=chosen["role"],
                template=self.template,
                seen=chosen["seen"],
            )
        except ValidationError as error:
            form.add_error(None, error)
            return self.show(form)
        except NotOfferedError:
            # The catalogue changed between reading it above and the transaction.
            form = self.form(request.POST)
            form.is_valid()
            return self.show(form, status=HTTPStatus.BAD_REQUEST)
        except StaleError as stale:
            form.add_error(
                None,
                "La plantilla cambió mientras usted trabajaba. Lo que marcó sigue marcado y no se "
                "guardó nada: revise y grabe otra vez, o ábrala de nuevo para ver la otra versión.",
            )
            form.see(stale.current)
            return self.show(form, status=HTTPStatus.CONFLICT)
        messages.success(request, f"Se guardó la plantilla «{saved}».")
        return redirect("profiles:template", saved.pk)

    def form(self, data=None, **kwargs) -> TemplateForm:
        return TemplateForm(data, operator=self.request.user.operator, **kwargs)

    def show(self, form: TemplateForm, *, status: int = HTTPStatus.OK):
        if self.template:
            back = reverse("profiles:template", args=[self.template.pk])
        else:
            back = reverse("profiles:template_list")
        context = {"form": form, "template": self.template, "back": back}
        return render(self.request, "profiles/template_edit.html", context, status=status)


class DeleteTemplateView(tenancy.PrincipalRequiredMixin, View):
    def get(self, request, pk):
        template = own_template(request, pk)
        back = reverse("profiles:template", args=[template.pk])
        context = {"template": template, "form": DeleteTemplateForm(), "back": back}
        return render(request, "profiles/template_delete.html", context)

    def post(self, request, pk):
        template = own_template(request, pk)
        delete_template(actor=Actor.from_request(request), template=template)
        messages.success(request, f"Se eliminó la plantilla «{template}».")
        return redirect("profiles:template_list")
