"""The HTTP surface: the Anthropic endpoints, what bodies may hold, who may ask, how failures leave."""
