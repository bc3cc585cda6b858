"""Stories: which documents tell one event, who broke it, how it changed, whom it names."""
