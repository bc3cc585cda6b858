"""Articles: what stands on a page, and whether it may be read."""
