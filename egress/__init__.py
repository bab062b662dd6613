"""The one way out: names are resolved once and only allowed addresses are dialled."""
