"""IAM where MiniStack asks for none: what AWS services do with their roles, in process, in a server with ``AUTH``."""
