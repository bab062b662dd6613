"""From what matched to what can be shown: custody, time stamps, capture bundles, dossiers."""
