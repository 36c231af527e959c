"""Generates demonstration files of fictitious patients."""

from webautodash.services.demo.demo_data import (
    DemoPlan as DemoPlan,
    provider_name as provider_name,
    write_demo_data as write_demo_data,
)
