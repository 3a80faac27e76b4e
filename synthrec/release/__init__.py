"""The gate: policy, verdict, approval, card and export."""
