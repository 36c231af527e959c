"""Statistics of one provider or of all, and the current status of the installation."""
