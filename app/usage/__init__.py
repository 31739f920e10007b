"""What is written of every exchange."""
