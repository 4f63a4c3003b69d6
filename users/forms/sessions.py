"""Close open sessions, one's own or those of another user."""

from django import forms

from users.forms.layout import Include, Submit, layout


class CloseSessionsForm(forms.Form):
    """Close the session that the button names or, if it names none, all sessions.

    A page draws the form twice: beside each session with the helper ``one``, below them with
    ``all``.
    """

    session = forms.CharField(required=False)

    def __init__(self, *args, action: str = "", all_label: str = "", **kwargs):
        super().__init__(*args, **kwargs)
        button = Submit(all_label, kind="plain")
        self.one = layout(Include("users/close_session.html"), css_class="", action=action)
        self.all = layout(button, css_class="", action=action)
