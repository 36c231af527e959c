"""The command line: each command parses, calls one method of the facade and prints."""

from webautodash.cli.app import main as main
