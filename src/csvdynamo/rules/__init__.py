"""What becomes of a row: an item, or a refusal. Pure functions of the standard library."""
