"""Where a server is: which hosts are this machine, and which URLs say it beyond doubt."""

import ipaddress
import re


def is_loopback(host: str) -> bool:
    """Whether nobody else hears what is said to this host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_PLAIN_URL = re.compile(
    r"[A-Za-z0-9+]+://(?:[^@:/?#]*(?::[^@]*)?@)?(?:[A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?][^@]*)?"
)


def is_plain_url(text: str) -> bool:
    """Whether a URL can be taken apart in one way only: else a part of the password might be taken for the host.

    What has no host, as a folder of files, may hold any sign.
    """
    return text.partition("://")[2].startswith("/") or _PLAIN_URL.fullmatch(text) is not None
