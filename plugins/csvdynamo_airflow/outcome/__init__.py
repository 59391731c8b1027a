"""What became of a run's rows: read once from all that the run left, kept as tables, written out as error files."""
