"""A source that the last green run has migrated already: how it is known, and what is handed on in its place."""
