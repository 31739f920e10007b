"""Strategies for content blocks: every type that a Messages request may hold, in every form, and types still to come.

Fields and forms: https://platform.claude.com/docs/en/api/messages (read 2026-11-21).
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.fuzz.words import IDS, NAMES, OBJECTS, TEXTS, VALUES, WORDS
from tests.support.media_samples import encoded, gif, jpeg, pdf, png, webp
from translators import vendors
from translators.core.thinking import PREFIX, Signature, sign

Json = dict[str, Any]
Blocks = st.SearchStrategy[Json]

PICTURES = tuple(map(encoded, (png(), jpeg(), gif(), webp())))
PDF = encoded(pdf("Words of the first page"))
LINKS = st.sampled_from(
    ("https://example.com/a.png", "https://example.com/a.pdf?x=1#p", "https://example.com/", "http://x.example/a.gif")
)
MARKS = st.sampled_from((None, {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h", "scope": "x"}))
#: Fields that any block may have beside its own.
EXTRAS: dict[str, st.SearchStrategy[Any]] = {"cache_control": MARKS, "unknown_field": VALUES}


def block(kind: str, optional: dict[str, Any] | None = None, **fields: st.SearchStrategy[Any]) -> Blocks:
    """Blocks of one type."""
    made = {"type": st.just(kind), **fields}
    return st.one_of(st.fixed_dictionaries(made), st.fixed_dictionaries(made, optional={**(optional or {}), **EXTRAS}))


CITATIONS = st.lists(
    st.fixed_dictionaries({"type": st.just("char_location"), "cited_text": TEXTS, "document_index": st.integers(0, 3)}),
    max_size=1,
)
TEXT = block("text", {"citations": st.one_of(st.none(), CITATIONS)}, text=TEXTS)
SPOKEN = block("text", text=WORDS)

IMAGE_SOURCES: st.SearchStrategy[Json] = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.just("base64"),
            "media_type": st.sampled_from(("image/png", "image/jpeg", "image/gif", "image/webp")),
            "data": st.sampled_from(PICTURES),
        }
    ),
    st.fixed_dictionaries({"type": st.just("url"), "url": LINKS}),
    st.fixed_dictionaries({"type": st.just("file"), "file_id": st.just("file_1")}),
    st.fixed_dictionaries({"type": st.just("later"), "place": VALUES}),
)
IMAGE = block("image", {"transformations": OBJECTS}, source=IMAGE_SOURCES)
DOCUMENT_SOURCES: st.SearchStrategy[Json] = st.one_of(
    st.fixed_dictionaries({"type": st.just("base64"), "media_type": st.just("application/pdf"), "data": st.just(PDF)}),
    st.fixed_dictionaries({"type": st.just("text"), "media_type": st.just("text/plain"), "data": TEXTS}),
    st.fixed_dictionaries(
        {"type": st.just("base64"), "media_type": st.just("text/plain"), "data": st.sampled_from(("aGk=", "a", ""))}
    ),
    st.fixed_dictionaries(
        {"type": st.just("content"), "content": st.one_of(TEXTS, st.lists(st.one_of(TEXT, IMAGE), max_size=2))}
    ),
    st.fixed_dictionaries({"type": st.just("url"), "url": LINKS}),
    st.fixed_dictionaries({"type": st.just("file"), "file_id": st.just("file_1")}),
)
DOCUMENT = block(
    "document",
    {
        "title": st.one_of(st.none(), TEXTS),
        "context": st.one_of(st.none(), TEXTS),
        "citations": st.sampled_from((None, {"enabled": True})),
    },
    source=DOCUMENT_SOURCES,
)
SEARCH_RESULT = block(
    "search_result",
    {"citations": st.just({"enabled": True})},
    source=TEXTS,
    title=TEXTS,
    content=st.lists(TEXT, max_size=2),
)
TOOL_REFERENCE = block("tool_reference", tool_name=NAMES)
UPLOAD = block("container_upload", file_id=TEXTS)
UNKNOWN = st.one_of(
    block("later_kind", {"content": VALUES, "text": VALUES, "source": VALUES}),
    block("audio", data=VALUES),
    block("compaction", content=st.one_of(st.none(), TEXTS)),
    block("fallback", {"to": OBJECTS}),
)

RESULT_CONTENT: st.SearchStrategy[Any] = st.one_of(
    TEXTS,
    st.none(),
    st.lists(st.one_of(TEXT, IMAGE, DOCUMENT, TOOL_REFERENCE, UNKNOWN), max_size=3),
    st.lists(SEARCH_RESULT, min_size=1, max_size=2),
)


def result_of(identifier: Any) -> Blocks:
    """Results of one call."""
    return block(
        "tool_result",
        {"content": RESULT_CONTENT, "is_error": st.sampled_from((True, False, None)), "toolset_name": NAMES},
        tool_use_id=st.just(identifier),
    )


def call_of(identifier: Any, names: st.SearchStrategy[str] = NAMES) -> Blocks:
    """Calls with one id."""
    optional = {"caller": st.just({"type": "direct"}), "toolset_name": st.just("computer")}
    return block("tool_use", optional, id=st.just(identifier), name=names, input=OBJECTS)


SERVER_RESULTS: st.SearchStrategy[tuple[str, Any]] = st.one_of(
    st.tuples(
        st.just("web_search_tool_result"),
        st.one_of(
            st.lists(
                st.fixed_dictionaries(
                    {
                        "type": st.just("web_search_result"),
                        "url": LINKS,
                        "title": TEXTS,
                        "encrypted_content": st.just("abc="),
                    }
                ),
                max_size=2,
            ),
            st.just({"type": "web_search_tool_result_error", "error_code": "unavailable"}),
        ),
    ),
    st.tuples(
        st.just("web_fetch_tool_result"),
        st.fixed_dictionaries({"type": st.just("web_fetch_result"), "url": LINKS, "content": DOCUMENT}),
    ),
    st.tuples(
        st.just("bash_code_execution_tool_result"),
        st.fixed_dictionaries(
            {
                "type": st.just("bash_code_execution_result"),
                "stdout": TEXTS,
                "stderr": TEXTS,
                "return_code": st.integers(0, 2),
                "content": st.lists(st.just({"type": "bash_code_execution_output", "file_id": "f"}), max_size=1),
            }
        ),
    ),
    st.tuples(
        st.just("tool_search_tool_result"),
        st.fixed_dictionaries(
            {
                "type": st.just("tool_search_tool_search_result"),
                "tool_references": st.lists(TOOL_REFERENCE, max_size=2),
            }
        ),
    ),
    st.tuples(st.just("mcp_tool_result"), st.one_of(TEXTS, st.lists(TEXT, max_size=2))),
)


@st.composite
def server_steps(draw: st.DrawFn) -> list[Json]:
    """A call of a server tool and, as a rule, its result."""
    kind, content = draw(SERVER_RESULTS)
    number = f"srvtoolu_{draw(st.integers(1, 9))}"
    call = "mcp_tool_use" if kind.startswith("mcp") else "server_tool_use"
    name = draw(st.sampled_from(("web_search", "web_fetch", "bash_code_execution", "tool_search_tool_regex")))
    made = draw(block(call, id=st.just(number), name=st.just(name), input=OBJECTS))
    result = draw(block(kind, tool_use_id=st.just(number), content=st.just(content)))
    return [made, result] if draw(st.integers(0, 4)) else [made]


# -- thinking

ORIGINS = st.one_of(
    st.sampled_from([(vendor.name, model) for vendor in vendors().values() for model in vendor.models or ("m",)]),
    st.tuples(st.sampled_from(sorted(vendors())), st.just("another-model")),
    st.tuples(TEXTS, TEXTS),
)
REASONING_ITEMS = st.fixed_dictionaries(
    {
        "type": st.just("reasoning"),
        "id": st.just("rs_1"),
        "summary": st.lists(st.fixed_dictionaries({"type": st.just("summary_text"), "text": WORDS}), max_size=2),
        "encrypted_content": st.just("gAAAAB+/="),
    }
)
DETAILS = st.fixed_dictionaries(
    {"type": st.sampled_from(("reasoning.text", "reasoning.encrypted")), "index": st.integers(0, 1)},
    optional={"text": TEXTS, "data": st.just("AAAA"), "signature": st.one_of(st.none(), st.just("s")), "id": TEXTS},
)
#: What the protocols keep inside a signature: (key, value) pairs.
STATE: st.SearchStrategy[list[tuple[str, Any]]] = st.lists(
    st.one_of(
        st.tuples(st.just("reasoning"), REASONING_ITEMS),
        st.tuples(st.just("reasoning_details"), DETAILS),
        st.tuples(st.sampled_from(("signature", "redacted", "text", "call:toolu_1", "call:toolu_2")), st.just("AbC+")),
    ),
    max_size=2,
)
#: State that nobody has made: anyone can write a signature.
FORGED = st.lists(
    st.tuples(
        st.sampled_from(("reasoning", "reasoning_details", "signature", "redacted", "text", "call:toolu_1", "")),
        st.one_of(VALUES.filter(lambda value: not isinstance(value, str)), st.just("Zm9yZ2Vk")),
    ),
    max_size=2,
)


@st.composite
def signatures(draw: st.DrawFn, state: st.SearchStrategy[Any] = STATE) -> str:
    """Signatures that Rialto has made for any vendor."""
    vendor, model = draw(ORIGINS)
    return sign(Signature(vendor, model, draw(st.one_of(st.just(""), TEXTS)), tuple(draw(state))))


GARBAGE = st.one_of(
    st.sampled_from(("", "EqQBCkYIBRgCIkBh+/==", PREFIX, PREFIX + "!!!", PREFIX + "eJwDAAAAAAE=", PREFIX + "éé", "x")),
    TEXTS,
    TEXTS.map(lambda text: PREFIX + text),
    signatures().map(lambda text: text[:-7]),
)
THINKING = block(
    "thinking", thinking=TEXTS, signature=st.one_of(signatures(), signatures(), GARBAGE, signatures(FORGED))
)
REDACTED = block("redacted_thinking", data=st.one_of(st.just("EmwKAhgBEgy3va3pzix/LafPsn4a"), TEXTS))
ASKED = st.one_of(SPOKEN, TEXT, IMAGE, DOCUMENT, SEARCH_RESULT, UPLOAD, UNKNOWN)
"""What a user may say beside results."""
STRAY_RESULT = IDS.flatmap(result_of)
