"""Hosts and URLs: which hosts are this machine, and which URLs have only one meaning."""

import ipaddress
import re

_PLAIN_URL = re.compile(
    r"[A-Za-z0-9+]+://(?:[^@:/?#]*(?::[^@]*)?@)?(?:[A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?][^@]*)?"
)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_plain_url(text: str) -> bool:
    """Whether a URL can be split in only one way; otherwise part of a password could be taken for the host.

    A URL without a host, such as that of a folder, may contain any characters.
    """
    return text.partition("://")[2].startswith("/") or _PLAIN_URL.fullmatch(text) is not None
