"""The forms in which models write calls as text, as a table.

Sources, all read 2026-11-21: the parsers of https://docs.vllm.ai/en/stable/api/vllm/parser/ and
https://docs.vllm.ai/en/v0.18.2/api/vllm/tool_parsers/ (Hermes, Qwen3-Coder, GLM, Kimi K2, DeepSeek, MiniMax, Mistral,
Llama); https://huggingface.co/MiniMaxAI/MiniMax-M2/blob/main/docs/tool_calling_guide.md; for the spellings of DSML
lsdefine/GenericAgent#804, AgentFlocks/flocks#687 and diegosouzapw/OmniRoute#13345; for Kimi K3 mlc-ai/xgrammar#806; for
Mistral's newer form vllm-project/vllm#39294; for the singular section token of Kimi ggml-org/llama.cpp#17376.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from translators.core.text_calls.bodies import Tags, json_calls, json_values, named_call
from translators.core.text_calls.tools import Tools, Written

Reader = Callable[[str, bool, Tools], list[Written] | None]
"""(mark and everything up to the closing, the closing is there, tools) -> the calls, None when it is not one yet."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the beginning of a call looks like: `whole`, perhaps with a group `name`; `part` matches all that may still
    become one.
    """

    whole: re.Pattern[str]
    part: re.Pattern[str]

    def verdict(self, text: str, tools: Tools) -> bool | None:
        """Whether a call of an offered tool begins here; None while more must be seen."""
        if whole := self.whole.match(text):
            name = whole.groupdict().get("name")
            return name is None or bool(tools.named(name))
        return None if self.part.fullmatch(text) else False


@dataclass(frozen=True, slots=True)
class Dialect:
    """One form. `marks` begin a call, each of the `closings` may end it; without any, the end of its JSON does.

    `trailers` may follow a call and belong to it.
    """

    marks: tuple[str, ...]
    heads: tuple[Head, ...]
    read: Reader
    closings: tuple[str, ...] = ()
    trailers: tuple[str, ...] = ()

    def begins(self, text: str, tools: Tools) -> bool | None:
        """Whether the text begins a call of an offered tool; None while more must be seen."""
        verdicts = [head.verdict(text, tools) for head in self.heads]
        return True if True in verdicts else None if None in verdicts else False


def pattern(text: str) -> re.Pattern[str]:
    """A pattern whose dot is any character."""
    return re.compile(text, re.DOTALL)


def json_heads(mark: str) -> tuple[Head, Head]:
    """An object or array that begins with the name of a tool, or with another key of a call."""
    opening = rf"{mark}\s*[\[{{][\[{{\s]*[\"']"
    beginning = rf"{mark}\s*(?:[\[{{][\[{{\s]*(?:[\"']"
    return (
        Head(
            pattern(rf"{opening}name[\"']\s*:\s*[\"'](?P<name>[^\"'\n]*)[\"']"),
            pattern(rf"{beginning}(?:n|na|nam|name|name[\"']\s*:?\s*(?:[\"'][^\"'\n]{{0,160}})?)?)?)?"),
        ),
        Head(
            pattern(rf"{opening}(?:arguments|parameters|function|type|id)[\"']"),
            pattern(rf"{beginning}[a-z]{{0,10}})?)?"),
        ),
    )


# Hermes, Qwen3-Coder and GLM share one tag.

_FUNCTION = Tags(
    pattern(r"\s*<function=(?P<name>[^>\n]+)>"),
    pattern(r"\s*<parameter=(?P<key>[^>\n]+)>(?P<value>.*?)</parameter>(?=\s*(?:<parameter=|</function>))"),
    pattern(r"\s*</function>\s*"),
    wrapped="any",
)
_PAIRS = Tags(
    pattern(r"\s*(?P<name>[^\s<>{}\[\]\"]+)"),
    pattern(r"\s*<arg_key>(?P<key>.*?)</arg_key>\s*<arg_value>(?P<value>.*?)</arg_value>(?=\s*(?:<arg_key>|\Z))"),
    pattern(r"\s*\Z"),
)


def tool_call_tag(unit: str, closed: bool, tools: Tools) -> list[Written] | None:
    """What stands in `<tool_call>`: JSON, `<function=..>`, or a name with `<arg_key>` and `<arg_value>`."""
    body = unit.removeprefix("<tool_call>").removesuffix("</tool_call>").strip()
    if body[:1] in ("{", "["):
        return json_calls(body, closed, tools)
    if body.startswith("<function="):
        return _FUNCTION.calls(body, tools)
    return _PAIRS.calls(body, tools) if closed or "<arg_key>" in body else None


TOOL_CALL = Dialect(
    marks=("<tool_call>",),
    heads=(
        *json_heads("<tool_call>"),
        Head(pattern(r"<tool_call>\s*<function=(?P<name>[^>\n]+)>"), pattern(r"<tool_call>\s*(?:<[^\s<>]{0,128})?")),
        Head(
            pattern(r"<tool_call>\s*(?P<name>[^\s<>{}\[\]\"]+)\s*(?:<arg_key>|</tool_call>)"),
            pattern(r"<tool_call>\s*[^\s<>{}\[\]\"]{0,128}\s*(?:<[a-z_/]{0,10})?"),
        ),
    ),
    read=tool_call_tag,
    closings=("</tool_call>", "</function>"),
    trailers=("</tool_call>",),
)
FUNCTION = Dialect(
    marks=("<function=",),
    heads=(Head(pattern(r"<function=(?P<name>[^>\n]+)>"), pattern(r"<function=[^<>\n]{0,128}")),),
    read=lambda unit, closed, tools: _FUNCTION.calls(unit, tools),
    closings=("</function>",),
    trailers=("</tool_call>",),
)

# Invocations: DeepSeek's DSML, MiniMax, and models that imitate them.

_DSML = r"(?:\s*[|｜‖]{1,2}\s*DSML\s*[|｜‖]{1,2}\s*)?"
_WRAPPER = rf"<{_DSML}(?:function_calls|tool_calls|calls|tool_use|minimax:tool_call)>\s*"
_INVOKE = rf"<{_DSML}invoke\s+name=(?P<quote>[\"'])(?P<name>[^\"'<>\n]+)(?P=quote)\s*>"
_PARAMETER = (
    rf"\s*<{_DSML}parameter\s+name=(?P<mark>[\"'])(?P<key>[^\"'<>\n]+)(?P=mark)"
    rf"(?:\s+string=[\"'](?P<text>true|false)[\"'])?\s*>"
    rf"(?P<value>.*?)</{_DSML}parameter>(?=\s*<(?:{_DSML}parameter\s|/{_DSML}invoke>))"
)
_INVOCATION = Tags(
    pattern(rf"(?:{_WRAPPER})?{_INVOKE}"), pattern(_PARAMETER), pattern(rf"\s*</{_DSML}invoke>"), wrapped="both"
)
_BARS = ("｜", "｜｜", "|", "||", "‖", "‖‖")
_WRAPPERS = ("function_calls", "tool_calls", "calls", "tool_use")
_ENDS = tuple(f"</{bar}DSML{bar}{gap}{name}>" for bar in _BARS for gap in ("", " ") for name in _WRAPPERS)

INVOKE = Dialect(
    marks=(
        *(f"<{bar}DSML{bar}" for bar in _BARS),
        *(f"< {bar} DSML {bar}" for bar in _BARS),
        "<minimax:tool_call>",
        "<function_calls>",
        "<invoke name=",
    ),
    heads=(
        Head(
            pattern(rf"(?:{_WRAPPER})?{_INVOKE}"),
            pattern(r"<[^<>\n]{0,200}(?:>\s*(?:<[^<>\n]{0,200})?)?"),
        ),
    ),
    read=lambda unit, closed, tools: _INVOCATION.calls(unit, tools),
    closings=("invoke>",),
    trailers=(*_ENDS, "</minimax:tool_call>", "</function_calls>"),
)
_K3_HEAD = pattern(
    r"(?:<\|open\|>tools<\|sep\|>\s*)?<\|open\|>call\s+tool=\"(?P<name>[^\"<]+)\"[^<]*<\|sep\|>",
)
_K3 = Tags(
    _K3_HEAD,
    pattern(
        r"\s*<\|open\|>argument\s+key=\"(?P<key>[^\"<]+)\"(?:\s+type=\"(?P<text>\w+)\")?\s*<\|sep\|>"
        r"(?P<value>.*?)<\|close\|>argument<\|sep\|>(?=\s*<\|(?:open\|>argument|close\|>call))"
    ),
    pattern(r"\s*<\|close\|>call<\|sep\|>"),
)
K3 = Dialect(
    marks=("<|open|>tools<|sep|>", "<|open|>call tool="),
    heads=(Head(_K3_HEAD, pattern(r"(?:<\|open\|>tools<\|sep\|>\s*)?(?:<(?:\|[^\n]{0,200})?)?")),),
    read=lambda unit, closed, tools: _K3.calls(unit, tools),
    closings=("<|close|>call<|sep|>",),
    trailers=("<|close|>tools<|sep|>", "<|close|>message<|sep|>", "<|end_of_msg|>"),
)

# Control tokens around a name and a JSON object.


@dataclass(frozen=True, slots=True)
class Tokens:
    """A dialect of tokens: `begins` in front of the name, perhaps the pattern `prefix` between them, the pattern
    `separator` behind the name.
    """

    sections: tuple[str, ...]
    begins: tuple[str, ...]
    separator: str
    closings: tuple[str, ...]
    trailers: tuple[str, ...]
    prefix: str = r"(?!)"

    def dialect(self) -> Dialect:
        """The row of the table."""
        opening = (
            rf"(?:{either(self.sections)}\s*)?{either(self.begins)}\s*(?:{self.prefix})?"
            rf"(?P<name>(?!{self.prefix})[^<>\n`]{{1,160}}?)\s*{self.separator}"
        )
        unit = pattern(rf"{opening}\s*(?P<body>.*?)\s*(?:```\s*)?(?:{either(self.closings)})?\Z")
        return Dialect(
            marks=(*self.sections, *self.begins),
            heads=(Head(pattern(opening), pattern(".{0,300}")),),
            read=lambda text, closed, tools: named_object(unit.match(text), closed, tools),
            closings=self.closings,
            trailers=self.trailers,
        )


def either(words: tuple[str, ...]) -> str:
    """A pattern for one of the words."""
    return f"(?:{'|'.join(map(re.escape, words))})"


def named_object(unit: re.Match[str] | None, closed: bool, tools: Tools) -> list[Written] | None:
    """The call of a `name` and a JSON object `body`, which may be empty when the end is marked."""
    if unit is None or not (unit["body"] or closed):
        return None
    found = json_values(unit["body"] or "{}", closed)
    call = named_call(tools.named(unit["name"]), found[0]) if len(found) == 1 else None
    return [call] if call else None


def deepseek(words: str) -> tuple[str, ...]:
    """A token of DeepSeek's with the gaps that are met between its words."""
    return tuple(f"<｜{gap.join(words.split())}｜>" for gap in ("▁", "_", " "))


KIMI = Tokens(
    sections=("<|tool_calls_section_begin|>", "<|tool_call_section_begin|>"),
    begins=("<|tool_call_begin|>",),
    separator=r"<\|tool_call_argument_begin\|>",
    closings=("<|tool_call_end|>", "<|tool_calls_section_end|>"),
    trailers=("<|tool_calls_section_end|>", "<|tool_call_section_end|>"),
).dialect()
DEEPSEEK = Tokens(
    sections=deepseek("tool calls begin"),
    begins=deepseek("tool call begin"),
    prefix=rf"function{either(deepseek('tool sep'))}",
    separator=rf"(?:{either(deepseek('tool sep'))}|```(?:json)?)",
    closings=(*deepseek("tool call end"), *deepseek("tool calls end")),
    trailers=(*deepseek("tool calls end"), "<｜end▁of▁sentence｜>"),
).dialect()

# JSON that ends where its last bracket closes.

_MISTRAL = pattern(r"\[TOOL_CALLS\]\s*(?P<name>[\w.:-]+)\s*(?:\[CALL_ID\]\s*\w+\s*)?(?:\[ARGS\]\s*)?(?P<body>\{.*)")


def mistral(unit: str, closed: bool, tools: Tools) -> list[Written] | None:
    """An array of calls, or a name with its arguments."""
    body = unit.removeprefix("[TOOL_CALLS]").strip()
    if body[:1] in ("{", "["):
        return json_calls(body, closed, tools)
    return named_object(_MISTRAL.match(unit), closed, tools)


MISTRAL = Dialect(
    marks=("[TOOL_CALLS]",),
    heads=(
        *json_heads(r"\[TOOL_CALLS\]"),
        Head(
            pattern(_MISTRAL.pattern.removesuffix(".*)") + ")"),
            pattern(r"\[TOOL_CALLS\]\s*[\w.:-]{0,128}\s*(?:\[[\w\]\s]{0,40}){0,2}"),
        ),
    ),
    read=mistral,
)
LLAMA = Dialect(
    marks=("<|python_tag|>",),
    heads=json_heads(r"<\|python_tag\|>"),
    read=lambda unit, closed, tools: json_calls(unit.removeprefix("<|python_tag|>"), closed, tools),
    trailers=("<|eom_id|>", "<|eot_id|>"),
)

#: Mark -> its dialect. No mark is the beginning of another one.
DIALECTS = {
    mark: dialect
    for dialect in (TOOL_CALL, FUNCTION, INVOKE, K3, KIMI, DEEPSEEK, MISTRAL, LLAMA)
    for mark in dialect.marks
}
