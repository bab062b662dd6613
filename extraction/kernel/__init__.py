"""The compiled part of extraction: where a text shows signs of a packing, 64 bytes at a time."""
