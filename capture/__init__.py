"""What is kept of one fetch: masked texts, sealed originals, connection facts."""
