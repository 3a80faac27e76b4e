"""What one run of a command does, between `api` and the rooms: inputs, makers, trial, export, reports."""
