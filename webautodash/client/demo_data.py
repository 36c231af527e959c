"""Extraction files of fictitious patients."""

from webautodash.services.demo import DemoPlan as DemoPlan, write_demo_data as write_demo_data
