"""Filters that recover tool calls, and Harmony's channels, which a model wrote as text.

Weak models, and servers without a parser for their model, leave a call's markup in the text, where no client runs it.
`dialects.py` is the table of forms, `written.py` the filter that finds them, `harmony.py` reads gpt-oss's channels,
`repeats.py` keeps a call from being made twice. What stands in Markdown code is never a call.
"""

from translators.core.text_calls.harmony import Harmony
from translators.core.text_calls.repeats import Repeats
from translators.core.text_calls.tools import Tools
from translators.core.text_calls.written import ReasonedCalls, TextCalls

__all__ = ["Harmony", "ReasonedCalls", "Repeats", "TextCalls", "Tools"]
