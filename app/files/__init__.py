"""Files that clients leave with Rialto, to name them in messages by their id."""
