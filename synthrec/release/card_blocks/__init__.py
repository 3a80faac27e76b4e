"""The blocks of a card, one file for each family."""
