"""How AWS is called: clients, their errors, retries and checksums."""
