"""What runs have put into the table, by digests of the rows, and what a file changes of it."""
