"""The schema's own generator: makes records from the `generate:` parts of a schema, without any data."""
