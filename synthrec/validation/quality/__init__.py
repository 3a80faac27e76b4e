"""Quality of synthetic records, each figure beside the same figure between real and real."""
