"""What images and PDFs count: by their pixels and pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.media_samples import document, gif, image, jpeg, linked, pdf, png, webp
from translators.core.tokens import IMAGE_TOKENS, MAX_IMAGE_TOKENS, PAGE_TOKENS, content_tokens

SIZES = {
    "a dot": ((1, 1), 1),
    "one patch": ((28, 28), 1),
    "a little more": ((29, 28), 2),
    "a screenshot": ((1092, 1092), 39 * 39),
    "a banner": ((1568, 56), 56 * 2),
    "a long banner": ((15680, 560), 56 * 2),
    "a photograph": ((6000, 4000), MAX_IMAGE_TOKENS),
    "nothing": ((0, 0), 1),
}


@pytest.mark.parametrize(("size", "tokens"), SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("make", [gif, jpeg], ids=["gif", "jpeg"])
def test_an_image_counts_by_its_pixels(make: Any, size: tuple[int, int], tokens: int) -> None:
    assert content_tokens([image(make(*size))]) == tokens


@pytest.mark.parametrize("make", [png, webp], ids=["png", "webp"])
def test_every_form_is_known(make: Any) -> None:
    assert content_tokens([image(make(280, 56))]) == 20


def test_an_unknown_image_counts_as_a_full_one() -> None:
    assert content_tokens([image(b"unknown")]) == content_tokens([linked("image", "u")]) == IMAGE_TOKENS


@pytest.mark.parametrize("pages", [1, 3])
def test_a_pdf_counts_by_its_pages(pages: int) -> None:
    assert content_tokens([document(pdf(*["words"] * pages))]) == pages * PAGE_TOKENS


def test_the_tree_of_pages_is_no_page() -> None:
    data = b"%PDF-1.5 <</Type /Pages>> <</Type/Page>> <</Type /Page/X 1>> <</Type/PageLabels>>"
    assert content_tokens([document(data)]) == 2 * PAGE_TOKENS


def test_a_pdf_with_packed_pages_counts_by_its_size() -> None:
    assert content_tokens([document(b"%PDF-1.5" + b"x" * 300_000)]) == pytest.approx(400_000 / 32, rel=0.01)


@pytest.mark.parametrize("data", ["A", "ä", ""])
def test_damaged_base64_counts_something(data: str) -> None:
    block = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": data}}
    assert content_tokens([block]) == IMAGE_TOKENS


def test_more_is_never_fewer() -> None:
    blocks = [image(png(5, 5)), document(pdf("x")), linked("document", "u"), image(jpeg(9000, 10)), image(b"?")]
    counts = [content_tokens(blocks[:count]) for count in range(len(blocks) + 1)]
    assert counts == sorted(set(counts))
    inside = {"type": "tool_result", "tool_use_id": "t", "content": blocks}
    assert content_tokens([inside]) >= counts[-1]
