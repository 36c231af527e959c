"""Profiles: how the JSON of other portals is mapped to the native shape of a patient."""
