"""The security layer: no database, no requests."""
