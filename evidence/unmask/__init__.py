"""One record shown to one named person: the only process that reads the review service's key."""
