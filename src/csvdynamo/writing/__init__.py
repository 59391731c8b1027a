"""How a batch of rows is written, within one Lambda function."""
