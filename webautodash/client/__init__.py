"""The Python interface: ``WebAutoDash`` and the groups of its methods, a module for each capability."""

from webautodash.client.facade import ProviderHandle, WebAutoDash

__all__ = ["ProviderHandle", "WebAutoDash"]
