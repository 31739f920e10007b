"""Wire formats: one module or folder each."""
