"""One request's trip from the client to a vendor and back, and the account of it."""
