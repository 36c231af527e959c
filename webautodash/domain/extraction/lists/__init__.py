"""The clinical lists of a patient: their declarations, their items and their rows."""
