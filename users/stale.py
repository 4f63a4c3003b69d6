"""The error of every action that is told what the screen showed (docs/decisions/0061)."""


class StaleError(Exception):
    """What the screen showed has changed since: nothing was written.

    ``current`` is what there is now, in the form in which the action was given what was seen.
    """

    def __init__(self, current) -> None:
        # No message: a log must not hold the data of a person.
        super().__init__()
        self.current = current
