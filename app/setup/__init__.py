"""Setup: asks for keys and models, keeps them in `.env`, tries them at once. `.env` can as well be written by hand."""
