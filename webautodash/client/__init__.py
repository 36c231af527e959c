"""The Python interface: ``WebAutoDash`` and the groups of its methods, a module for each capability."""

from webautodash.client.facade import ProviderHandle as ProviderHandle, WebAutoDash as WebAutoDash
