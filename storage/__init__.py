"""What Tipsheet remembers: rows in, frozen values out. Knows nothing of the web, of feeds' formats or of watches.

Every function takes a connection and `now`; the caller owns the transaction. Which rows belong together is thereby
decided in one place, `pipeline`, and a function here can be used in a larger transaction without knowing it.
"""
