"""Extraction files of invented patients, for trying the program and for measuring it."""
