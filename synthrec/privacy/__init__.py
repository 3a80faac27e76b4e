"""Differential privacy: budget, events, accountant, ledger, noise, and the one door to private rows."""
