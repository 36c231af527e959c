"""Ingests extraction files: each file once, in one transaction, with a report."""
