"""The Distributed Map of AWS Step Functions: item reader, batcher, Map Run, failure thresholds and result writer."""
