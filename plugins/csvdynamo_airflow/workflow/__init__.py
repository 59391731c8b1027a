"""What starts, finds again, redrives and waits for a run's execution."""
