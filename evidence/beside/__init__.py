"""What is gathered beside a capture, after the alert: DNS, RDAP, clocks, environment, chain.

Each piece has its own time and may fail alone; a failure is kept as one, with its reason.
"""
