"""What a screen showed, sent back by its form, so that a change made meanwhile is noticed."""

import json

from django import forms


class SeenField(forms.Field):
    """Facts as a JSON object in a hidden input. Malformed JSON counts as an empty snapshot.

    Lone surrogates are malformed: JSON can spell them and no page can hold them.
    """

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def prepare_value(self, value):
        return json.dumps(value) if isinstance(value, dict) else value

    def clean(self, value) -> dict:
        try:
            facts = json.loads(value)
            json.dumps(facts, ensure_ascii=False).encode()
        except (TypeError, ValueError, RecursionError):
            return {}
        return facts if isinstance(facts, dict) else {}


class SeenForm(forms.Form):
    """A form that knows what its screen showed: ``cleaned_data["seen"]``."""

    seen = SeenField()

    def see(self, facts: dict) -> None:
        """Show the form again with what was typed, now having seen these facts."""
        self.data = {**self.data.dict(), "seen": json.dumps(facts)}
