"""Servers and their databases: connections, transactions, and the translation of errors."""

from webautodash.database.server import Database as Database, Server as Server
