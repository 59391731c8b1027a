"""What `make describe` does: looks at a whole CSV, and writes a data set file that works."""
