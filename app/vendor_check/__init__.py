"""What a vendor's bytes do that its wire does not: checks tied to the scenarios, and a page for the vendor."""
