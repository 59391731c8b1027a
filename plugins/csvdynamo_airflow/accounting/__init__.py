"""What balances the ledger and decides whether a run is green."""
