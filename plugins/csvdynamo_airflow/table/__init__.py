"""What reads the table back and compares it with the prepared file."""
