"""Asking the directory (LDAP, RFC 4511) who somebody is, and whether a password is theirs.

    reader ──► groups ──► conversation ──► deadline

It knows no accounts and no tables: what an entry is to the portal, `operations` decide.
"""
