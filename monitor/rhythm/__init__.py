"""When a feed is asked, from its habit and from what its server asks for."""
