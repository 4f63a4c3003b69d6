"""Which existing accounts have the usuario or the document of an account already."""

from collections.abc import Iterable

from django.db.models import Q

from operators.models import Operator


class UniquenessChecker:
    """The existing accounts that an account must differ from, asked of the database one by one."""

    def same_username(self, user) -> bool:
        return self._of(user).filter(username__iexact=user.username).exists()

    def holder_of_document(self, user) -> str | None:
        """The usuario of whoever has the same document."""
        holders = self._of(user).filter(
            document_type=user.document_type, document_number=user.document_number
        )
        return holders.values_list("username", flat=True).first()

    def _of(self, user):
        return type(user).objects.existing().filter(operator=user.operator_id).exclude(pk=user.pk)


class KnownAccounts(UniquenessChecker):
    """The same of one operator, read at once: for many accounts.

    It knows whoever shares a usuario or a document number with the ones it was made for.
    """

    def __init__(
        self, operator: Operator, usernames: Iterable[str], document_numbers: Iterable[str]
    ) -> None:
        rows = operator.users.existing().filter(
            Q(username__in=[*usernames]) | Q(document_number__in=[*document_numbers])
        )
        self.names, self.holders = {}, {}
        for pk, username, *document in rows.values_list(
            "pk", "username", "document_type", "document_number"
        ):
            self.names[username] = pk
            self.holders[tuple(document)] = pk, username

    def same_username(self, user) -> bool:
        return self.names.get(user.username, user.pk) != user.pk

    def holder_of_document(self, user) -> str | None:
        document = user.document_type, user.document_number
        pk, username = self.holders.get(document, (user.pk, None))
        return username if pk != user.pk else None
