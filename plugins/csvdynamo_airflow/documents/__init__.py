"""What the tasks of a run hand to one another: small JSON documents, never rows."""
