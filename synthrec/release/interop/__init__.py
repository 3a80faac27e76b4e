"""An export in the words of other standards: files that are made from its card alone."""
