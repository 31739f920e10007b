"""The network: vendors, search engines, and what an address in a message names."""
