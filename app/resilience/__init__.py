"""Retries, fallbacks, keys, breakers and queues."""
