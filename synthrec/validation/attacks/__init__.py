"""Attacks on synthetic records, one idea per file."""
