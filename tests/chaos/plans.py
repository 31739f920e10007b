"""What happens in one exchange of a chaos run, all of it chosen by (seed, number): which model is asked, what the
vendor does at each try and how the client behaves. Pure, so that vendor, client and judge agree without talking.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from tests.scenarios.answers import Answer, Call, Thought, Words

#: Wire (a name in `tests.scenarios.wires.WIRES`) -> the protocol of its rows in vendors.toml.
PROTOCOLS = {
    "chat": "openai_chat",
    "responses": "openai_responses",
    "gemini": "gemini",
    "ollama": "ollama_chat",
    "repaired": "anthropic_messages",
    "passthrough": "anthropic_messages",
}
#: Rows that nobody can reach: no listener, no such host, no name of a host, something that speaks no TLS.
DEAD_ROWS = ("chaos-refused", "chaos-nowhere", "chaos-misspelt", "chaos-secure")

#: Ways in which a try goes well, but oddly.
SOFT = (
    *("drip", "pauses", "cut_anyhow", "huge_text", "huge_comment", "wrong_form", "wrong_type", "length", "informed"),
    *("close_delimited", "held_open", "chatty", "false_gzip"),
)
#: Ways in which a try fails, more often the more often they are named.
HARD = (
    *("reset_before_head", "close_before_head", "reset_in_head", "close_in_head", "garbage_head", "huge_head"),
    *("reset_after_head", "close_after_head", "nothing", "silent_before_head", "silent_in_head", "silent_after_head"),
    *("reset_anywhere", "reset_anywhere", "close_anywhere", "close_anywhere", "clean_end_anywhere", "silent_anywhere"),
    *(
        "cut_in_character",
        "half_chunk",
        "bad_chunk",
        "short_body",
        "long_body",
        "cut_gzip",
        "unfinished",
        "comments_forever",
    ),
    *("garbage_body", "garbage_between", "garbage_inside", "huge_garbage", "html", "json_error", "not_an_object"),
    *("empty", "error_first", "error_midway", "error_midway"),
    *("limited", "limited", "limited", "busy", "failed", "failed", "refused", "refused", "odd_status"),
    *("cut_refusal", "silent_refusal", "huge_refusal"),
)
#: Silence beyond the moment at which a stream starts without the vendor; only where the timeouts leave room for it.
LATE = ("late_answer", "late_reset", "late_refusal", "late_limit")

#: Of so many exchanges the last ones all ask one row at once, which limits them.
SEASON, STORM = 400, 30

WORDS = (
    *("plain", "naïve", "façade", "日本語", "русский", "🙂", "👩‍👩‍👧", "e\u0301", "straße", "\n", "- item", "a\u00a0b"),
    *("**bold**", "`code`", '"quoted"', "back\\slash", "100 %", "tab\there", "עברית", "𝄞", "fin."),
)

Reading = Literal["reads", "slow", "leaves", "leaves_early", "leaves_asking"]


@dataclass(frozen=True)
class Act:
    """One try: what the vendor says in full, and how it goes wrong. `seed` makes the places of the damage."""

    fault: str
    told: Answer
    seed: int


@dataclass(frozen=True)
class Manner:
    """How a client behaves. `after` is seconds for one that leaves before the answer, bytes for one in the middle of
    it, a share of the request for one that leaves while it asks; `reset` closes with RST instead of FIN. One that
    `stalls` stops reading for a while before it leaves.
    """

    reading: Reading
    stream: bool
    after: float = 0.0
    reset: bool = False
    stalls: bool = False


@dataclass(frozen=True)
class Plan:
    """One exchange. The vendor's tries beyond the last act repeat it."""

    number: int
    model: str
    acts: tuple[Act, ...]
    manner: Manner

    def act(self, attempt: int) -> Act:
        """What the vendor does at a try, counted from 0."""
        return self.acts[min(attempt, len(self.acts) - 1)]

    @property
    def is_faulty(self) -> bool:
        """Something other than a plain answer to a plain client."""
        plain = self.manner.reading == "reads" and self.acts[0].fault == "good"
        return not plain or self.is_dead

    @property
    def is_dead(self) -> bool:
        """The model that is asked for cannot be reached."""
        return "dead" in self.model or self.model.split("/")[0] in DEAD_ROWS


@dataclass(frozen=True)
class Stage:
    """What the plans of a run have in common. `late`: the timeouts leave room for a stream that starts in silence."""

    seed: int
    rows: int
    late: bool

    def plan(self, number: int) -> Plan:
        """The exchange of a number."""
        dice = random.Random(f"{self.seed}/{number}")
        model, manner, faults = self._model(dice), manner_of(dice), self._faults(dice)
        if number % SEASON >= SEASON - STORM:
            model = f"{sorted(self.row_names())[number // SEASON % (self.rows * len(PROTOCOLS))]}/m"
            faults = ["limited", dice.choice(("limited", "busy", "good")), "good"]
        acts = tuple(
            Act(fault, speech(dice, number, place), dice.getrandbits(32)) for place, fault in enumerate(faults)
        )
        return Plan(number, model, acts, manner)

    def row_names(self) -> dict[str, str]:
        """Row of vendors.toml -> wire."""
        return {f"chaos-{wire}-{place}": wire for wire in PROTOCOLS for place in range(self.rows)}

    def pairs(self) -> dict[str, tuple[str, str]]:
        """Alias -> its model and the fallback. Some first ones cannot be reached at all."""
        wires = list(PROTOCOLS)
        dead = {f"pair-dead-{row}": (f"{row}/m", f"chaos-{wires[place]}-0/m") for place, row in enumerate(DEAD_ROWS)}
        living = {
            f"pair-{place}": (f"chaos-{wire}-{place % self.rows}/m", f"chaos-{wires[place - 1]}-{place % self.rows}/m")
            for place, wire in enumerate(wires)
        }
        return living | dead

    def _model(self, dice: random.Random) -> str:
        share = dice.random()
        if share < 0.04:
            return f"{dice.choice(DEAD_ROWS)}/m"
        if share < 0.15:
            return dice.choice(sorted(self.pairs()))
        return f"{dice.choice(sorted(self.row_names()))}/m"

    def _faults(self, dice: random.Random) -> list[str]:
        """The faults of the tries in turn."""
        hard = HARD + LATE * 2 if self.late else HARD
        share = dice.random()
        if share < 0.10:
            return ["good"]
        if share < 0.25:
            return [dice.choice(SOFT)]
        if share < 0.65:
            return [dice.choice(hard)]
        if share < 0.85:
            return [dice.choice(hard), dice.choice(("good", *SOFT))]
        return [dice.choice(hard), dice.choice(hard), "good"]


def manner_of(dice: random.Random) -> Manner:
    """A client."""
    stream, share, reset = dice.random() < 0.7, dice.random(), dice.random() < 0.5
    if share < 0.66:
        return Manner("reads", stream)
    if share < 0.76:
        return Manner("slow", stream)
    if share < 0.87:
        after = dice.choice((0, 1, 200, 600, 1500, 5000)) + dice.randrange(200)
        return Manner("leaves", stream, after, reset, dice.random() < 0.3)
    if share < 0.98:
        return Manner("leaves_early", stream, dice.choice((0.0, 0.01, 0.05, 0.3, 1.0)) * dice.random(), reset)
    return Manner("leaves_asking", stream, dice.random(), reset)


def speech(dice: random.Random, number: int, attempt: int) -> Answer:
    """What the model says at a try; nobody else says the same."""
    mark = f"{number}.{attempt}"
    parts: list[Words | Thought | Call] = []
    if dice.random() < 0.3:
        parts.append(Thought(pieces(dice, f"Weighing {mark}:", dice.randrange(1, 12))))
    parts.append(Words(pieces(dice, f"Answer {mark}:", dice.choice((1, 3, 10, 40, 150)))))
    if dice.random() < 0.25:
        parts.append(Call("Read", ('{"path": "/tmp/', f'é-{mark}"', "}"), f"call_{number}_{attempt}"))
    return Answer(tuple(parts))


def pieces(dice: random.Random, first: str, count: int) -> tuple[str, ...]:
    """Text in pieces, with visible text at both ends."""
    return (first, *(f" {dice.choice(WORDS)}" for _ in range(count)), " end.")
