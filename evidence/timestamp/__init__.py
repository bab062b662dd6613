"""RFC 3161 time stamps: asked for, checked twice, raw replies kept."""
