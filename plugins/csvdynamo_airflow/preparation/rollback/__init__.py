"""A run taken back: which one, what it has put into the table, and the file of the run before it, guarded."""
