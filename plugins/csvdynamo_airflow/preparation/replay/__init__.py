"""Rows that a run left out, once more: settled against what the run and others have put under their keys."""
