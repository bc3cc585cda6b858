"""What the numbers of an installation say (pure): values in, verdicts and measures out."""
