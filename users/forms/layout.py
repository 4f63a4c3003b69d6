"""What the layouts of forms are made of, for django-crispy-forms.

A form class says its layout beside its fields (``helper = layout("email", Buttons(…))``) and its
screen says ``{% crispy form %}``. The template pack, ``templates/forms/``, draws what every form
has: the element itself, the CSRF token, the owner of the page, the account that the form is about,
the hidden fields.

A ``helper`` that is a class attribute is shared by all requests: no view may change it. A form
whose layout depends on its data makes ``helper`` a property.
"""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Layout
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html_join


def layout(
    *parts,
    css_class: str = "form-column",
    method: str = "post",
    is_kept: bool = True,
    **attributes: str,
) -> FormHelper:
    """Return the helper of a form: names of fields and layout objects, in the order of the page.

    ``attributes`` are attributes of the form element: ``aria_label`` becomes ``aria-label``. A form
    that ``is_kept`` names its owner, so that it can be sent again after a new sign-in
    (``users.signin.unsent``).
    """
    helper = FormHelper()
    helper.form_class, helper.form_method, helper.is_kept = css_class, method, is_kept
    helper.attrs = attributes
    helper.layout = Layout(*(Field(part) if isinstance(part, str) else part for part in parts))
    return helper


class Field:
    """A field of the form, drawn without the variables of the screen, which costs less."""

    def __init__(self, name: str) -> None:
        self.name = name

    def render(self, form, context, **kwargs) -> str:
        return render_to_string("forms/field.html", {"field": form[self.name]})


class Include:
    """A template at its place in a form, drawn with the variables of the screen and ``form``."""

    def __init__(self, template: str, **variables) -> None:
        self.template, self.variables = template, variables

    def render(self, form, context, **kwargs) -> str:
        return render_to_string(
            self.template, {**context.flatten(), **self.variables, "form": form}
        )


def heading(text: str) -> Include:
    """Return a heading inside a form."""
    return Include("forms/layout/heading.html", text=text)


def hint(text: str) -> Include:
    """Return a sentence that belongs to the form and to no field of it."""
    return Include("forms/layout/hint.html", text=text)


class Submit:
    """A button that sends the form; its ``name`` and ``value`` tell it from the other buttons."""

    def __init__(
        self,
        label: str,
        *,
        kind: str = "primary",
        name: str = "",
        value: str = "",
        css_id: str = "",
    ) -> None:
        self.label, self.kind, self.name, self.value = label, kind, name, value
        self.css_id = css_id

    def render(self, form, context, **kwargs) -> str:
        return render_to_string("forms/layout/submit.html", {"submit": self})


class Link:
    """A way out of the form: a route with the variables of the screen that it takes.

    Where the screen decides, ``address`` names the variable that holds the address.
    """

    def __init__(
        self,
        label: str,
        route: str = "",
        *variables: str,
        address: str = "",
        kind: str = "plain",
    ) -> None:
        self.label, self.route, self.variables, self.address = label, route, variables, address
        self.kind = kind

    def render(self, form, context, **kwargs) -> str:
        if self.address:
            address = context[self.address]
        else:
            address = reverse(self.route, args=[context[name] for name in self.variables])
        return render_to_string("forms/layout/link.html", {"link": self, "address": address})


class Buttons(Div):
    """The row of buttons that ends a form."""

    css_class = "buttons"


class Fold:
    """Filters behind «Filtros (2)»; a wide window shows them, folded or not.

    The number is that of the fields that filter. A field with an error unfolds them.
    """

    def __init__(self, *parts) -> None:
        self.names = [part for part in parts if isinstance(part, str)]
        self.parts = [Field(part) if isinstance(part, str) else part for part in parts]

    def render(self, form, context, **kwargs) -> str:
        errors = [name for name in self.names if form.errors.get(name)]
        filtering = [name for name in self.names if form.data.get(name) and name not in errors]
        variables = {
            "filtering": len(filtering),
            "is_open": bool(errors),
            "fields": format_html_join(
                "", "{}", ([part.render(form, context)] for part in self.parts)
            ),
        }
        return render_to_string("forms/layout/fold.html", variables)


def filters(first: str, *folded, **attributes: str) -> FormHelper:
    """Return the helper of the filters above a list: the first field, a fold of the others, Filtrar.

    The form says ``is_filtering``.
    """
    parts = first, Fold(*folded), Include("forms/layout/filter_buttons.html")
    return layout(*parts, css_class="filters", method="get", role="search", **attributes)


def search_box(label: str, **attributes: str) -> FormHelper:
    """Return the helper of a form that searches in a list by its field ``texto``."""
    box = Include("forms/layout/search_box.html", label=label)
    return layout(box, css_class="menu-search", method="get", role="search", **attributes)
