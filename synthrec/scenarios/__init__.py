"""Scenarios: rare events written into rule-made records, exactly as often as asked for, with ground truth."""
