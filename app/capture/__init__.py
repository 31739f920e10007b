"""Captures: whole exchanges in files, and what plays them again."""
