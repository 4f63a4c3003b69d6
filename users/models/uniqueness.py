"""Is the usuario or the document of an account taken by another account of its operator?"""

from collections.abc import Iterable

from django.db.models import Q

from operators.models import Operator


class UniquenessChecker:
    """Compares an account with the existing accounts of its operator, or of staff, by queries.

    docs/fidelity.md has the source of the rule.
    """

    def same_username(self, user) -> bool:
        """Whether another account has the usuario, in any case."""
        return self._of(user).filter(username__iexact=user.username).exists()

    def holder_of_document(self, user) -> str | None:
        """The usuario of the other account with the same document, or None."""
        holders = self._of(user).filter(
            document_type=user.document_type, document_number=user.document_number
        )
        return holders.values_list("username", flat=True).first()

    def _of(self, user):
        return type(user).objects.existing().filter(operator=user.operator_id).exclude(pk=user.pk)


class KnownAccounts(UniquenessChecker):
    """The same checks for many accounts of one operator, by one query.

    Valid only for accounts with the usernames and document numbers given to it.
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
