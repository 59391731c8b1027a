"""The records that a migration leaves: rejects, and the results of a Map Run."""
