"""The first half of prepare: from a file's bytes to its records, however it is written."""
