"""The CDK app's parts: one stack for each data set file."""
