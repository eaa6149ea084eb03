"""Secrets, passwords and identities as plain values: no tables, no requests."""
