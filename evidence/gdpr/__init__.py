"""What the GDPR asks to be written down: the clock of article 33, register, AIPD."""
