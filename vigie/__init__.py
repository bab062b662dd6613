"""Command line, configuration, wiring and the demo."""
