"""Data set files: what they may say, and their reader."""
