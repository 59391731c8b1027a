"""A Map Run in simulated time: Step Functions, Lambda and DynamoDB as their quotas and the function's own code say."""
