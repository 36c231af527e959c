"""The Python interface: ``WebAutoDash`` and, by capability, the groups of methods that it consists of."""

from webautodash.client.facade import ProviderHandle, WebAutoDash

__all__ = ["ProviderHandle", "WebAutoDash"]
