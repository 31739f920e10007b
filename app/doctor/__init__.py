"""The doctor: asks the vendors as a client would, and says what is wrong and what to do about it."""
