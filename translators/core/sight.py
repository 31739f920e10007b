"""Refusals of images by models that cannot see.

Wordings (read 2026-11-21): OpenRouter, Ollama (ollama/ollama#17301), LM Studio (lmstudio-ai/lmstudio-bug-tracker#473),
OpenAI, DeepSeek, Groq (vercel/ai#2837), Gemini (langchain-ai/langchain-google#684), SiliconFlow, Mistral, xAI, vLLM,
llama.cpp. Claude Code knows none of them and sends the image again in every turn.
"""

from __future__ import annotations

from translators.core.overflow import any_of
from translators.core.refusals import Words

STATUSES = frozenset({400, 404, 415, 422, 500})
BLIND = any_of(
    r"(not|n't)( currently)? (support|accept|allow)( any)?( the)?( content type)? ['\"`]?(image|vision|multi-?modal)",
    r"\b(image|vision|multi-?modal)(s|_url)?['\"`]?( (inputs?|content|parts?|modality|data))*( is| are|)"
    r"( currently)?( not|n't)( currently)?( be)? (support|accept|allow|enabl)",
    r"no endpoints found that support image|missing data required for image input|mmproj",
    r"unknown variant ['\"`]?(image|input_image)",
    r"image_url is only supported by|text[- ]only (server|model|prompt)",
    r"not an? (multi-?modal|vision|vlm)|at most 0 image",
    r"content['\"`]?( :)?( value)? must be a string",
)
#: The refusal is about this image, its place or something beside it; another one may pass.
ABOUT_ONE = any_of(
    r"too (large|big|many)|exceed|format|mime|media.?type|\b(image|file) types?\b|image/\w|dimension|resolution|pixel",
    r"\burls?\b|base64|corrupt|decode|multiple|more than|generat|\bdetail\b|\btool\b",
    r"\b(gif|webp|svg|hei[cf]|avif|bmp|tiff?|png|jpe?g)s?\b|animated|interlaced|progressive|cmyk|\d-bit",
    r"\b(remote|external|data uri)\b|tool_result",
    r"\brole\W{1,3}(system|assistant|developer|tool)|\b(system|assistant|developer) (message|prompt|turn)",
    r"\b(when|while|with) (\w+ )?(thinking|reasoning|stream\w*|tools|response_format)\b",
)


def refuses_images(status: int, words: Words) -> bool:
    """The model takes no image at all."""
    return status in STATUSES and bool(BLIND.search(words.message)) and not ABOUT_ONE.search(words.message)
