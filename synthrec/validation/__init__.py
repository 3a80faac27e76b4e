"""Checks of fidelity and re-identification risk. The judge does not know the maker."""
