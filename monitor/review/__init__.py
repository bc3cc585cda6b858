"""What verdicts teach: how good a watch is, what it could leave out, what is read first (pure)."""
