"""When a run is refused before a row is uploaded."""
