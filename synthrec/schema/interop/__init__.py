"""Schemas to and from the formats of other tools; what a format cannot hold is listed."""
