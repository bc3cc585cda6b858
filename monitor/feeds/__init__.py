"""Feeds: a body → its entries, and what is new in it."""
