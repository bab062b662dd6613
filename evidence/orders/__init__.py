"""Orders of a court, and whether each provider blocks what it was ordered to block."""
