"""Which network a request is counted under."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

UNKNOWN = "unknown"
IPV6_PREFIX = 64  # bits; one customer has at least a /64, and so all its addresses


def network_of(ip: str) -> str:
    """Return the IPv4 /32 or IPv6 /64 that `ip` lies in, or "unknown" where it is no address.

    An IPv4 address in IPv6's clothes (`::ffff:192.0.2.1`) counts as the IPv4 address it is.
    """
    try:
        address = ip_address(ip)
    except ValueError:
        return UNKNOWN
    return _network(address)


def _network(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return f"{address}/32"
    if address.ipv4_mapped is not None:
        return _network(address.ipv4_mapped)
    return str(ip_network((int(address), IPV6_PREFIX), strict=False))
