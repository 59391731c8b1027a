"""What holds a header against the data set file and the last successful run."""
