"""Demonstration data: extraction files of fictitious patients."""
