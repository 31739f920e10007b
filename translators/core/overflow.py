"""A vendor's words for "too long" -> the sentence, with numbers, that makes Claude Code shorten what it sends.

Wordings of OpenAI, Azure, DeepSeek, Kimi, SiliconFlow, Fireworks, Mistral, vLLM, SGLang, NVIDIA, Gemini, xAI, Ollama,
OpenRouter, Z.ai, MiniMax, Groq, llama.cpp and LM Studio, collected from their documentation, SDKs and issue trackers
(read 2026-11-21).
"""

from __future__ import annotations

import re

from translators.core.errors import OutputTooLong, PromptTooLong, RialtoError


def any_of(*patterns: str) -> re.Pattern[str]:
    """One pattern for several wordings."""
    return re.compile("|".join(patterns), re.IGNORECASE | re.DOTALL)


OVERFLOW = any_of(
    r"context[ _-]?length",
    r"context[ _-]?window.{0,40}exceed",
    r"exceed.{0,40}context[ _-]?(window|size|limit)",
    r"maximum context|max_model_len|max_seq_len",
    r"(prompt|input) (is )?too long|prompt is longer than|prompt exceeds max",
    r"longer than the (model's )?context",
    r"(input|prompt) token count.*exceed|input tokens exceed",
    r"exceed(s|ed|ing)? (the )?model token limit|maximum prompt length",
    r"too many tokens.*(prompt|input|context)",
    r"current length is .* while limit",
    r"large for model \S* ?with|range of input length|exceed_context_size",
    r"number of tokens to keep from the initial prompt|trying to keep the first",
)
#: Plain words, which mean the prompt only where nothing else is their subject.
PLAIN = any_of(
    r"exceed(s|ed|ing)? (the )?max(imum)? (allowed |number of )?tokens?\b(?!.*per[ -](second|minute|hour|day))",
    r"(input|prompt)( length| size)?[ (]*(\d+)?( tokens)?\)? exceed(s|ed)? (the )?max(imum)? (\w+ )?(length|size)\b",
    r"(input|prompt) (is |was )?too (large|big)\b",
)
CLAUSE = re.compile(r"[;\n]|[.!] ")
OTHER = any_of(r"\b(image|file|document|audio|video|tool|function|description|name|stop)s?\b")
WISH = any_of(r"max_\w*tokens|\b(output|completion|thinking|reasoning|budget\w*)\b")
PROMPT = any_of(r"\b(input|prompt|messages|context)\b")
#: More output wished than the model can give, whatever the input: (wished, possible).
CAP = any_of(
    r"max_(?:completion_)?tokens(?:\W{1,3}|\W{1,3}is too large: )(\d+)"
    r"(?:\)? exceeds .{0,20}maximum output tokens \(|.{0,40} at most | > )(\d+)"
)
SUM = re.compile(r"(\d+) \+ (\d+) > (\d+)")
LIMIT = any_of(
    r"context (?:length|size|window)[^\d.]{0,24}(\d+)",
    r"(?:token limit:|limit is|limit of|prompt length is|maximum of) (\d+)",
    r"(?:max_model_len|max_seq_len)\D{0,20}(\d+)",
    r"allowed \((\d+)|> (\d+) maximum|large for model (?:\S+ )?with (\d+)",
    r'"n_ctx": ?(\d+)',
)
OUTPUT = any_of(
    r"(\d+) (?:tokens )?(?:in|for) the (?:completion|output)",
    r"(\d+) output tokens|max_(?:completion_)?tokens\W{1,2}is too large: (\d+)|max_tokens=(\d+)",
)
TOTAL = any_of(r"requested (?:about |a total of )?(\d+) tokens|total of (?:at least )?(\d+)|\(requested: (\d+)\)")
#: The total is the prompt's alone.
OF_PROMPT = any_of(r"\d+ (?:tokens )?(?:in|from) (?:the|your) (?:input|prompt|messages)")
INPUT = any_of(r"(\d+) input tokens")
#: Figures that are no part of a name, a date or a fraction.
NUMBER = re.compile(r"(?<![\w.-])\d{3,}(?!\w)")
PROMPT_FIELD = re.compile(r'"n_prompt_tokens": ?(\d+)')
NO_COUNT = re.compile(r"""["'](?:raw_status_)?code["']: ?["']?\d+|(?<=\d),(?=\d{3}\b)""")

STATUSES = (400, 402, 403, 413, 422, 500, 502)


def overflow(status: int, message: str, everything: str) -> RialtoError | None:
    """The overflow error with the vendor's numbers, if that is what the refusal says. `message` is the sentence for
    people, `everything` the whole body as text.
    """
    if status not in STATUSES:
        return None
    message = NO_COUNT.sub("", message)
    if found := CAP.search(message):
        return OutputTooLong(0, int(found[1]), int(found[2]))
    if not OVERFLOW.search(everything) and not any(map(is_plain, CLAUSE.split(message))):
        return None
    if found := SUM.search(message):
        return OutputTooLong(*map(int, found.groups()))
    return with_numbers(message, everything)


def is_plain(clause: str) -> bool:
    """Whether a clause says in plain words that the prompt is too long, not an image, a tool's text or the output."""
    found = PLAIN.search(clause)
    if not found:
        return False
    subject = clause[: found.end()]
    return not OTHER.search(subject) and bool(PROMPT.search(subject) or not WISH.search(subject))


def output_cap(message: str) -> int:
    """The most output tokens that the model can give, where a refusal says so; 0 elsewhere."""
    found = CAP.search(NO_COUNT.sub("", message))
    return int(found[2]) if found else 0


def with_numbers(message: str, everything: str) -> RialtoError:
    """Which of the numbers is the window, and what does not fit into it: the input, or only the wished output."""
    counts = [int(count) for count in NUMBER.findall(message) + PROMPT_FIELD.findall(everything)]
    limit = number_after(LIMIT, message) or number_after(LIMIT, everything) or min(counts, default=0)
    output = number_after(OUTPUT, message)
    if not output:
        used = max(counts, default=0)
        wish = used == number_after(TOTAL, message) and not OF_PROMPT.search(message)
        return PromptTooLong(used, limit, wish=wish) if used > limit else PromptTooLong()
    used = number_after(TOTAL, message) - output
    used = used if used > 0 else number_after(INPUT, message)
    return PromptTooLong(used, limit) if used > limit else OutputTooLong(used, output, limit)


def number_after(pattern: re.Pattern[str], text: str) -> int:
    """The first number that the pattern finds; 0 for none."""
    found = pattern.search(text)
    return int(next(filter(None, found.groups()))) if found else 0
