"""What every service has in common: the contract, the seals, the way a service lives."""
