"""The web: which addresses may be asked, and the one guarded way to ask them."""
