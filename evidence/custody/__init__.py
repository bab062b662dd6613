"""The custody log read, exported, time-stamped and verified; index.custody writes it."""
