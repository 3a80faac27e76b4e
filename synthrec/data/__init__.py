"""Data in and out: typed tables, files, the split by person, and the keys."""
