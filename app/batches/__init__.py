"""Message batches: lists of requests that are answered in the background, kept so that a restart loses nothing."""
