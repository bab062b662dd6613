"""The commands, one file per group; each has `register(app)` and imports late."""
