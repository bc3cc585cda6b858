"""feeds.yaml: its shape, its faults, what it means, and writing it."""
