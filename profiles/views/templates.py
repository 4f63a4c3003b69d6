"""Plantillas: named sets of options and roles, ready ones and those that the company makes."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views import View

from profiles.access.difference import access_of, option_paths, role_paths
from profiles.access.tree import OptionTree
from profiles.actions.grants import NotOfferedError
from profiles.actions.templates import (
    StaleTemplateError,
    delete_template,
    save_template,
)
from profiles.forms.grants import TemplateForm
from profiles.models import AccessTemplate, Option, Role
from users import tenancy
from users.history.recording import Actor


def offered_template(request, pk: int | None) -> AccessTemplate:
    """One of the company's own, or a ready one of its types; of no other company."""
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
    """What a template gives, and what of it is no longer offered."""

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
    """A new template, by hand or from the access of a user or of another one; or one corrected."""

    def get(self, request, pk=None):
        if pk is not None:
            template = own_template(request, pk)
            facts = template.facts()
            form = TemplateForm(initial={"name": template.name, "seen": facts})
            return self.show(form, *access_of(template), template=template)
        options, roles = frozenset(), frozenset()
        if username := request.GET.get("usuario"):
            options, roles = access_of(tenancy.secondary_user(request.user, username))
        elif source := request.GET.get("plantilla"):
            options, roles = access_of(offered_template(request, tenancy.key_of(source)))
        return self.show(TemplateForm(), options, roles)

    def post(self, request, pk=None):
        template = own_template(request, pk) if pk is not None else None
        options = frozenset(request.POST.getlist("option"))
        roles = frozenset(request.POST.getlist("role"))
        form = TemplateForm(request.POST)
        form.full_clean()
        do, _, code = request.POST.get("do", "save").partition(":")
        if do in ("mark", "unmark"):
            under = self.tree(options).under(code)
            options = options | under if do == "mark" else options - under
            return self.show(form, options, roles, template=template)
        try:
            saved = save_template(
                actor=Actor.from_request(request),
                name=form.cleaned_data.get("name", ""),
                options=options,
                roles=roles,
                template=template,
                seen=form.cleaned_data["seen"],
            )
        except ValidationError as error:
            form.add_error(None, error)
            return self.show(form, options, roles, template=template)
        except NotOfferedError as error:
            form.add_error(
                None,
                "Se enviaron opciones o roles que no se ofrecen a su empresa. "
                "Se quitaron de lo marcado y no se guardó nada.",
            )
            options, roles = options - error.codes, roles - error.codes
            return self.show(form, options, roles, template=template, status=HTTPStatus.BAD_REQUEST)
        except StaleTemplateError:
            form.add_error(
                None,
                "La plantilla cambió mientras usted trabajaba. Lo que marcó sigue marcado y no se "
                "guardó nada: revise y grabe otra vez, o ábrala de nuevo para ver la otra versión.",
            )
            form.see(template.facts())
            return self.show(form, options, roles, template=template, status=HTTPStatus.CONFLICT)
        messages.success(request, f"Se guardó la plantilla «{saved}».")
        return redirect("profiles:template", saved.pk)

    def tree(self, options) -> OptionTree:
        offered = Option.objects.offered_to(self.request.user.operator)
        return OptionTree(offered, selected=options)

    def show(self, form, options, roles, *, template=None, status: int = HTTPStatus.OK):
        offered = list(Role.objects.offered_to(self.request.user.operator))
        for role in offered:
            role.is_marked = role.code in roles
        context = {
            "form": form,
            "template": template,
            "tree": self.tree(options),
            "roles": offered,
            "do": self.request.POST.get("do", ""),
        }
        return render(self.request, "profiles/template_edit.html", context, status=status)


class DeleteTemplateView(tenancy.PrincipalRequiredMixin, View):
    def get(self, request, pk):
        context = {"template": own_template(request, pk)}
        return render(request, "profiles/template_delete.html", context)

    def post(self, request, pk):
        template = own_template(request, pk)
        delete_template(actor=Actor.from_request(request), template=template)
        messages.success(request, f"Se eliminó la plantilla «{template}».")
        return redirect("profiles:template_list")
