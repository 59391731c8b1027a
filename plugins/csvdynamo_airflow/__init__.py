"""What csvdynamo's DAGs are made of: download, prepare, start, wait, error files, reconcile and report."""
