"""What records are: the schema model, its loader, and the row-constraint expressions."""
