"""Checking what was exported: `vigie evidence verify`, and the verifier that needs no Vigie."""
