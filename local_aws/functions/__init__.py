"""What AWS Lambda says of an invocation that failed."""
