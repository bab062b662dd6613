"""The dossier: a case's evidence as a folder that anyone can check, in three editions."""
