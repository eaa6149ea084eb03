"""Doorward: a sign-in portal and account server."""
