"""What turns a landed source into the file that Step Functions' CSV reader cannot misread."""
