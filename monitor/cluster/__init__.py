"""Many workers on one PostgreSQL: the same stages, each part of the work in the hands of one worker at a time."""
