"""The demo: a synthetic leak, real sites on loopback, and fragments planted among posts."""
