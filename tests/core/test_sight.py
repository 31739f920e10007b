"""Which refusals say that a model cannot see, and which are about one image."""

from __future__ import annotations

from typing import Any

import pytest

from translators.core.refusals import words_of
from translators.core.sight import refuses_images

#: (status, words) of models without eyes.
BLIND: dict[str, tuple[int, str]] = {
    "OpenRouter": (404, "No endpoints found that support image input"),
    "Ollama": (400, "this model does not support image input (ref: b8bd630e)"),
    "Ollama, older": (500, "this model is missing data required for image input"),
    "LM Studio": (400, "Model does not support images. Please use a model that does."),
    "DeepSeek": (400, "Failed to deserialize: messages[0]: unknown variant `image_url`, expected `text` at line 1"),
    "OpenAI": (400, "Invalid content type. image_url is only supported by certain models."),
    "llama.cpp": (
        500,
        "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
    ),
    "vLLM": (400, "m-1 is not a multimodal model"),
    "vLLM, another": (422, "At most 0 image(s) may be provided in one prompt."),
    "Gemini": (400, "Image input modality is not enabled for models/gemma-3-1b-it"),
    "Mistral": (400, "Image input is not enabled for this model"),
    "xAI": (415, "Image inputs are not supported by this model."),
    "Groq": (400, "messages[1].content must be a string"),
    "Groq, older": (400, "'messages.0' : ... must be satisfied[('messages.0.content' : value must be a string)]"),
    "Groq, with the role": (
        400,
        "'messages.0' : for 'role:user' must be ['messages.0.content' : value must be a string]",
    ),
    "SiliconFlow": (400, "The model is not a VLM (Vision Language Model). Please use text-only prompts."),
    "a text server": (400, "Unsupported content part type for text-only server: image_url"),
    "contracted": (400, "The model doesn't support vision"),
}


def error(words: str) -> Any:
    return words_of({"error": {"message": words}})


@pytest.mark.parametrize(("status", "words"), BLIND.values(), ids=BLIND.keys())
def test_a_model_that_cannot_see(status: int, words: str) -> None:
    assert refuses_images(status, error(words))


OTHERS: dict[str, tuple[int, str]] = {
    "too large": (400, "image exceeds 5 MB maximum: 6 MB"),
    "too many pixels": (400, "Image dimensions are not supported: 9000 x 9000"),
    "another format": (400, "The image format is not supported"),
    "a format by its name": (400, "Image type image/bmp is not supported"),
    "an unsupported image": (400, "You uploaded an unsupported image. Please make sure it is a PNG."),
    "an address": (400, "image URLs are not currently supported, please use base64 encoded data instead"),
    "base64 only": (400, "Only base64 images are supported."),
    "damaged": (400, "Could not process image"),
    "too many": (400, "At most 5 image(s) may be provided in one prompt."),
    "more than one": (400, "This model does not support multiple images"),
    "in a result": (400, "Images are not supported in tool messages"),
    "in a block of a result": (400, "Image content is not supported in tool_result blocks"),
    "in the system prompt": (400, "The model does not support images in system messages"),
    "in the model's words": (400, "image_url content is not supported in role 'assistant'"),
    "an empty answer of the model": (400, "messages[2].content must be a string for role assistant"),
    "a format alone": (400, "GIF images are not supported"),
    "a format by its letters": (400, "HEIC images are not supported by this endpoint"),
    "moving ones": (400, "Animated images are not supported"),
    "from elsewhere": (400, "Remote images are not supported"),
    "colours": (400, "CMYK images are not supported"),
    "beside thinking": (400, "This model does not support image input when thinking is enabled"),
    "beside a stream": (400, "Image input is not supported with stream=true"),
    "a level of detail": (400, "image_url.detail is not supported by this model"),
    "another field": (400, "The parameter top_p is not supported with image inputs"),
    "tools": (400, "This model does not support tools"),
    "an unknown model": (404, "No endpoints found for a/b."),
    "a busy vendor": (503, "this model does not support image input"),
    "a limit": (429, "Image input is not supported on your tier"),
    "images that are made": (400, "Image generation is not supported by this model"),
}


@pytest.mark.parametrize(("status", "words"), OTHERS.values(), ids=OTHERS.keys())
def test_what_is_about_something_else(status: int, words: str) -> None:
    assert not refuses_images(status, error(words))
