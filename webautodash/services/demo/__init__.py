"""Generates demonstration files of fictitious patients."""

from webautodash.services.demo.demo_data import DemoPlan, provider_name, write_demo_data

__all__ = ["DemoPlan", "provider_name", "write_demo_data"]
