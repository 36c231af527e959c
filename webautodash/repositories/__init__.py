"""Repositories: SQL behind verbs of the domain. They never commit."""
