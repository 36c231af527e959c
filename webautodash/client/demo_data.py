"""Extraction files of fictitious patients."""

from webautodash.services.demo import DemoPlan, write_demo_data

__all__ = ["DemoPlan", "write_demo_data"]
