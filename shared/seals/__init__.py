"""The other contract: what is sealed to whom, with what inside. It seals, and opens anything but an origin."""
