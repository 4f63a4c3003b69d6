"""The client's address, by one function for the history, the sessions and the throttle."""

from ipaddress import ip_address

from django.conf import settings


def client_address(request) -> str | None:
    """The right-most address that is not in ``settings.TRUSTED_PROXIES``; None if there is none.

    Everything further left in X-Forwarded-For is text that the client may have written; without a
    trusted proxy, the whole header is (docs/decisions/0037).
    """
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    address = _parsed(request.META.get("REMOTE_ADDR", ""))
    while address and hops and any(address in network for network in settings.TRUSTED_PROXIES):
        nearer = _parsed(hops.pop())
        if nearer is None:
            break
        address = nearer
    return str(address) if address else None


def _parsed(text: str):
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    # A dual-stack socket reports an IPv4 client as ::ffff:a.b.c.d.
    return getattr(address, "ipv4_mapped", None) or address
