"""Amazon Data Firehose's buffering: records reach S3 some time after they were put, joined into one object."""
