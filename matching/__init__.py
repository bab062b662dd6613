"""Field types, normalising, keys, the scan kernel, scoring and the fingerprint file.

Imports nothing else of ours. Other rooms use `matching.result` (what a scan says)
and `matching.frames` (how processes talk); only the matcher process opens a key.
"""
