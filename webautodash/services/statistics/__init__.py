"""Counts of one provider and of all, and the current status of the installation."""
