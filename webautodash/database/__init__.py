"""Servers and their databases: connections, transactions, and the translation of errors."""

from webautodash.database.server import Database, Server

__all__ = ["Database", "Server"]
