"""Reports: all that was measured, for the steward; verdicts and rounded figures, for everybody."""
