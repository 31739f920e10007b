"""The demo vendor, which answers inside the process."""
