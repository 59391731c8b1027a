"""Which addresses of the network a download may connect to. Pure."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_GLOBAL_IPV6 = ip_network("2000::/3")  # all that IANA has given to the internet: RFC 4291, 2.4
_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
# Addresses that look like any other's, but lead to a cloud's own services from within it.
_CLOUD_SERVICES = (ip_network("168.63.129.16/32"), ip_network("192.0.0.0/24"))


def is_of_internet(text: str) -> bool:
    """Say whether an address belongs to the public internet.

    Loopback, private, link-local (the metadata services' 169.254.169.254 among them), carrier-grade NAT, multicast,
    unspecified and reserved addresses do not, nor does an IPv6 address that carries such an IPv4 address in it
    (https://www.iana.org/assignments/iana-ipv4-special-registry/).

    Args:
        text: An IPv4 or IPv6 address; an IPv6 one may name its zone.
    """
    address = ip_address(text)
    if isinstance(address, IPv4Address):
        return _is_global_ipv4(address)
    carried = _carried_ipv4(address)
    if carried:
        return all(map(_is_global_ipv4, carried))
    return address in _GLOBAL_IPV6 and address.is_global and not address.is_multicast


def _is_global_ipv4(address: IPv4Address) -> bool:
    special = address.is_multicast or any(address in network for network in _CLOUD_SERVICES)
    return address.is_global and not special


def _carried_ipv4(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """Find the IPv4 addresses that an IPv6 address leads to: mapped, translated, or tunnelled (6to4, Teredo)."""
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFF_FFFF),)
    one = address.ipv4_mapped or address.sixtofour
    return (one,) if one else address.teredo or ()
