"""What a run costs, line by line, from counts and dated prices."""
