"""Differences between what is stored of a patient and what a file says."""
