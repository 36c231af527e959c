"""The registry: providers with their names, databases and accounts, and the Results folders of the store.

``resolve``, ``register``, ``aliases``, ``file_owner``, ``accounts``, ``roots``, ``setup`` and ``adopt`` are for other
packages. They are imported one by one: the store itself needs ``rebuild_registry``.
"""
