"""The languages that messages are written in: what Tipsheet itself says, and how it writes dates and numbers."""
