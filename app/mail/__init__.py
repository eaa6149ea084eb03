"""Mail: promised in a transaction (outbox), written (composing), sent later (delivery)."""
