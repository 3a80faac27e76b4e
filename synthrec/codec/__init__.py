"""Columns to small integer codes and back: bins, categories, heaps, a missing level, minted columns."""
