"""What a browser or program calls itself, in the words that mails use as well."""

from app.mail.devices import label

__all__ = ["label"]
