"""Looking at a CSV that nobody described yet, and proposing a data set file for it."""
