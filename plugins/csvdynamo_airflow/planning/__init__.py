"""What a run will do, known before it writes: units, rejects, minutes and cost."""
