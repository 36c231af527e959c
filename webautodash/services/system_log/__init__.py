"""The system log: its entries, following it as it grows, retention."""
