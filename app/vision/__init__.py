"""Vision fallback: pictures bound for a model that cannot see are described by one that can. See docs/vision.md."""
