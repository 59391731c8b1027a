"""What a run tells OpenLineage, where its provider is installed: read, written, made of what, and checked how."""
