"""Who sends, as far as that is known before there is a session: by the address that the server sees.

Separate because what comes in at the door, and a question that has no session, are told apart in the same way.

Behind a proxy all that is seen is the proxy. What that says of those behind it (X-Forwarded-For) anybody can write: it
is believed of the addresses in ``FORWARDED_ALLOW_IPS`` alone, a setting of uvicorn's, where nothing is said of this
machine's own. That is done before any of our code runs. All who share an address are one sender.
"""

from __future__ import annotations

import ipaddress

_NETWORK_BITS = 64
"""What one customer is given of IPv6: all its addresses are the same sender's."""


def sender_of(host: str) -> str:
    """Return the sender at an address: the address itself or, in IPv6, its network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a proxy may call it anything
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), _NETWORK_BITS), strict=False))
    return str(address)
