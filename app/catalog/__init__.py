"""Which vendor and model a public name reaches, and the vendors as they are configured here."""
