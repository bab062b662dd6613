"""The demo: a synthetic leak, real sites on loopback, and posts among which fragments are planted."""
