"""From where a request comes: one function for the history, the sessions and the throttle."""

from ipaddress import ip_address

from django.conf import settings


def client_address(request) -> str | None:
    """The right-most address that is none of settings.TRUSTED_PROXIES; None where there is none.

    What stands further left in X-Forwarded-For is the client's own text. Without a trusted proxy
    all of it is.
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
    # A socket that listens on both families names an IPv4 client this way.
    return getattr(address, "ipv4_mapped", None) or address
