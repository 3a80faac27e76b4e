"""Signatures: keys, envelopes, and what is signed of an export or an approval."""
