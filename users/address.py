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
    while hops and _is_trusted_proxy(address):
        nearer = _parsed(hops.pop())
        if nearer is None:
            break
        address = nearer
    return str(address) if address else None


def comes_from_trusted_proxy(request) -> bool:
    return _is_trusted_proxy(_parsed(request.META.get("REMOTE_ADDR", "")))


def _is_trusted_proxy(address) -> bool:
    return address is not None and any(address in proxy for proxy in settings.TRUSTED_PROXIES)


def _parsed(text: str):
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    # A dual-stack socket reports an IPv4 client as ::ffff:a.b.c.d.
    return getattr(address, "ipv4_mapped", None) or address
