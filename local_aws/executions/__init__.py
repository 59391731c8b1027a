"""What AWS Step Functions promises about an execution: started once by name, stopped with all that it started."""
