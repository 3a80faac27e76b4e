"""Learned generators: densities over integer codes, and how they are kept in files."""
