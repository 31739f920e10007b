"""Prompt compression: long system prompts made shorter for models with little room. See docs/prompt-compression.md."""
