"""Connections: servers, one database per provider, units of work. Product names live in ``products``."""

from webautodash.database.server import Database, Server

__all__ = ["Database", "Server"]
