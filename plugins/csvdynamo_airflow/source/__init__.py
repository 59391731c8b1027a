"""What brings a source, byte for byte as it is published, into the bucket."""
