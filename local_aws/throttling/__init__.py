"""DynamoDB tables that take no more writes than they may."""
