"""One file per kind of site: which links to follow, where a post begins and ends."""
