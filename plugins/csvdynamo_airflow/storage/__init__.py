"""Files and documents on the worker and in the bucket, with room for them and in one piece."""
