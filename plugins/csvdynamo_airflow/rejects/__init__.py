"""What awaits, merges and writes out a run's rejects."""
