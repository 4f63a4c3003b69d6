"""What a screen showed, sent back by its form, so that a change made meanwhile is noticed."""

import json

from django import forms


class SeenField(forms.Field):
    """A JSON value in a hidden input: an object of facts or, with ``kind=list``, a list of codes.

    Anything else counts as an empty snapshot, malformed JSON and lone surrogates among it: JSON can
    spell a lone surrogate and no page can hold one.
    """

    widget = forms.HiddenInput

    def __init__(self, kind: type[dict] | type[list] = dict) -> None:
        super().__init__(required=False)
        self.kind = kind

    def prepare_value(self, value):
        return json.dumps(value) if isinstance(value, self.kind) else value

    def clean(self, value) -> dict | list:
        try:
            seen = json.loads(value)
            json.dumps(seen, ensure_ascii=False).encode()
        except (TypeError, ValueError, RecursionError):
            return self.kind()
        return seen if isinstance(seen, self.kind) else self.kind()


class SeenForm(forms.Form):
    """A form that knows what its screen showed: ``cleaned_data["seen"]``."""

    seen = SeenField()

    def see(self, current) -> None:
        """Show the form again with what was typed, now having seen this."""
        self.data = {**self.data.dict(), "seen": self.fields["seen"].prepare_value(current)}
