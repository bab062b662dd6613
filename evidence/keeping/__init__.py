"""How long what is kept for: clocks per kind, legal hold, deletion with a certificate."""
