"""Requests: whom a case asks to take its copies down, in what words, and what came of it."""
