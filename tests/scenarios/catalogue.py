"""The catalogue: what goes wrong in bridges between APIs, each with the wires on which it can.

An entry is proven by the tests whose names begin with its id, `test_st_1_...` for ST-1.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.scenarios.wires import EVERY, TRANSLATED

SSE = ("chat", "responses", "gemini", "repaired", "passthrough")


@dataclass(frozen=True)
class Entry:
    """One thing that must not go wrong. `wires` are those that its tests must run on; none when it is about none."""

    id: str
    title: str
    wires: tuple[str, ...] = EVERY


CATALOGUE = (
    Entry("ST-1", "A stream may be cut anywhere, also inside a character, and its lines may end in any way"),
    Entry("ST-2", "Comments and empty lines of a vendor are no data"),
    Entry(
        "ST-3",
        "Last words and counts in one chunk, and counts in a chunk without choices",
        ("chat", "gemini", "ollama"),
    ),
    Entry("ST-4", "Reasoning behind text opens a block of its own; indexes have no gaps"),
    Entry("ST-5", "message_start comes first; every event has both of its lines"),
    Entry("ST-6", "A stream without the vendor's own end is an error"),
    Entry("ST-8", "An error is an HTTP status before the first word and an error event behind it"),
    Entry("ST-10", "The client gets the form it asked for, whatever form came"),
    Entry("ST-11", "The end mark of OpenAI's streams stays behind", SSE),
    Entry("ST-12", "Compressed answers are unpacked, announced or not"),
    Entry("ST-13", "`stream` is a boolean for the vendor"),
    Entry("ST-14", "An empty answer is asked for once more and then an error", TRANSLATED),
    Entry("TC-1", "Calls side by side keep their own arguments"),
    Entry("TC-2", "Several calls in one chunk", ("chat", "gemini", "ollama")),
    Entry("TC-3", "Indexes of calls that are missing, repeated or start elsewhere", ("chat", "ollama", "repaired")),
    Entry("TC-4", "Arguments that come before the name", ("chat",)),
    Entry("TC-6", "No arguments are an empty object", TRANSLATED),
    Entry("TC-7", "Arguments as an object instead of text", TRANSLATED),
    Entry("TC-8", "A turn with calls ends in tool_use, whatever the vendor calls it", TRANSLATED),
    Entry("TC-9", "An answer that is cut inside a call", ("chat", "responses", "repaired", "passthrough")),
    Entry("TC-10", "Broken JSON is repaired, or handed on as it is", ("chat", "responses", "repaired")),
    Entry("TC-12", "A failed result says so to the vendor"),
    Entry("TC-13", "Histories with calls or results missing are made whole", TRANSLATED),
    Entry("TC-14", "Ids of calls are legal, fresh and stable"),
    Entry("TC-15", "Results first, in the order of their calls", TRANSLATED),
    Entry("TC-16", "The choice of tools, also of one that is not offered"),
    Entry("TC-17", "A forced call and thinking", ("chat", "repaired")),
    Entry("TC-18", "Names of tools that a vendor refuses get a stable alias", TRANSLATED),
    Entry("TC-19", "Arguments travel while they are written", ("chat", "responses", "repaired", "passthrough")),
    Entry("TX-1", "Calls written as XML in the text", ("chat", "ollama", "repaired")),
    Entry("TX-2", "Calls in DeepSeek's markup", ("chat", "ollama")),
    Entry("TX-3", "Control tokens of gpt-oss in names and text", ("chat", "ollama")),
    Entry("TX-5", "Think tags in the text", TRANSLATED),
    Entry("TH-1", "DeepSeek gets its reasoning back, or a placeholder", ("chat",)),
    Entry(
        "TH-2",
        "Kimi gets its reasoning back; other wires theirs",
        ("chat", "responses", "ollama", "repaired", "passthrough"),
    ),
    Entry("TH-3", "Thinking that is off has no effort", TRANSLATED),
    Entry("TH-4", "Gemini's signatures return on their part", ("gemini",)),
    Entry("TH-5", "No vendor sees another one's signature"),
    Entry("TH-6", "Encrypted reasoning returns as it came, and gives way when it is stale", ("responses",)),
    Entry("TH-8", "The nearest effort that a model takes"),
    Entry("TH-9", "Thinking stands first in a whole answer"),
    Entry("CA-1", "The line for the bill does not spoil the prompt cache", TRANSLATED),
    Entry("CA-2", "Cached tokens are counted apart", SSE),
    Entry("CA-3", "An estimate first, the vendor's counts last"),
    Entry("CA-5", "One session, one cache key, one account", TRANSLATED),
    Entry("CA-6", "Estimates where a vendor counts nothing", TRANSLATED),
    Entry("CA-7", "Cache keys are short and stable"),
    Entry("CT-1", "A hundred tools are counted nearly right"),
    Entry("CT-2", "Every kind of block counts"),
    Entry("CT-3", "Counting with a query string, and when the vendor's counter fails"),
    Entry("CX-1", "Too long a prompt, in the words that make the client compact"),
    Entry("CX-2", "Only the wished output does not fit", ("chat", "responses", "repaired")),
    Entry("CX-4", "Bodies that a vendor finds too large"),
    Entry("CX-5", "A window that overflows in the middle of an answer"),
    Entry("CX-6", "The client is told the window of a small model", ()),
    Entry("CX-7", "The mark of a large window"),
    Entry("CX-8", "Ollama cuts no prompt in silence", ("ollama",)),
    Entry("ER-1", "Every failure has the one envelope"),
    Entry("ER-2", "Waiting times that the client obeys"),
    Entry("ER-3", "A busy vendor is overloaded"),
    Entry("ER-4", "Second tries within a budget, and none behind the first word"),
    Entry("ER-5", "Another vendor for one without credit", ()),
    Entry("ER-6", "Filtered answers are refusals; unknown reasons end an answer too"),
    Entry("ER-7", "An unknown model, named as the client named it"),
    Entry("ER-8", "Blank texts are neither sent nor shown", TRANSLATED),
    Entry("KA-1", "A ping at least every 15 seconds"),
    Entry("KA-2", "Minutes of silence"),
    Entry("KA-3", "Pings do not hide a dead vendor"),
    Entry("KA-4", "Nothing on the way buffers or gives up"),
    Entry("IM-1", "An image for a model that sees nothing", ("chat",)),
    Entry("IM-3", "Images inside results"),
    Entry("IM-4", "Images that are too large", TRANSLATED),
    Entry("IM-5", "Documents are not dropped"),
    Entry("SC-1", "Schemas for Gemini, and every tool of the client for everybody", TRANSLATED),
    Entry("SC-2", "Schemas for Moonshot", ("chat",)),
    Entry("SC-3", "Schemas for OpenAI", ("chat", "responses")),
    Entry("SC-4", "Tools without parameters", TRANSLATED),
    Entry("PA-1", "One field for the output limit", ("chat", "responses")),
    Entry("PA-2", "Temperatures that models refuse", ("chat",)),
    Entry("PA-3", "Stop sequences that vendors refuse or overlook", TRANSLATED),
    Entry("PA-4", "Fields and betas that only Anthropic knows"),
    Entry("PA-5", "A refused parameter is left out, and remembered", TRANSLATED),
    Entry("PA-6", "Tools and effort together", ("chat", "responses")),
    Entry("PA-7", "The answer goes on from the assistant's last words", TRANSLATED),
    Entry("PA-8", "Answers of a schema"),
    Entry("SY-1", "System messages inside the conversation"),
    Entry(
        "SY-2", "One leading system message for strict templates", ("chat", "responses", "gemini", "ollama", "repaired")
    ),
    Entry("TS-1", "Tools that are loaded later"),
    Entry("WS-1", "Web search"),
    Entry("AU-1", "The client's key, in either header and no further"),
    Entry("MD-1", "Discovery of models", ("chat",)),
    Entry("MD-2", "Query strings, doubled prefixes, HEAD"),
    Entry("BD-1", "Large bodies"),
    Entry("CN-1", "A client that leaves ends the vendor's work"),
    Entry("CO-1", "A burst of requests waits its turn"),
    Entry("CO-2", "Streams do not wait for each other", ("chat", "gemini", "ollama", "passthrough")),
    Entry("SE-1", "Not open to the network without a key", ()),
    Entry("SE-2", "Foreign web pages learn nothing"),
    Entry("SE-3", "Keys reach neither clients nor logs"),
    Entry("SE-4", "Few, pinned packages", ()),
    Entry("SE-5", "Addresses of a private network are not opened", ("gemini", "ollama", "repaired")),
)
