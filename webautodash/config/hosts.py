"""Which hosts are this machine."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether nobody else hears what is said to this host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
