"""The command line: each command parses, calls one service and prints; nothing here knows a database."""

from webautodash.cli.app import main

__all__ = ["main"]
