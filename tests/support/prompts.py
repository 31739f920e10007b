"""System prompts made of filler, in the structure of those that coding clients send: sections of rules with reasons,
repetition, examples, tables, facts of the machine, the user's own instructions.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.support.messages import Json

NOUNS = [
    "river",
    "lantern",
    "harbour",
    "meadow",
    "compass",
    "thimble",
    "orchard",
    "pebble",
    "saddle",
    "kettle",
    "ribbon",
    "anchor",
    "bellows",
    "quarry",
]
VERBS = [
    "gather",
    "polish",
    "measure",
    "carry",
    "mend",
    "fold",
    "count",
    "paint",
    "lower",
    "sort",
    "weigh",
    "rinse",
    "trim",
    "stack",
]
WAYS = ["slowly", "gladly", "twice", "early", "quietly", "evenly", "neatly", "gently"]
TOOLS = ("Fetcher", "Grinder", "mcp__harbour__list")

BILLING = "x-anthropic-billing-header: cc_version=0.0.000.000; cc_entrypoint=sdk-cli;"
IDENTITY = "You are the keeper of the harbour's filler text, and of nothing else."
ENVIRONMENT = """# Environment
You are called in this place:
 - Primary working directory: /srv/harbour/boats
 - Is a git repository: true
 - Platform: linux
 - Shell: bash
 - OS Version: Linux 6.1
 - Today's date: 2026-11-21

<env>
Scratch folder:   /tmp/harbour/7f3c1a0e-1111-4222-8333-444455556666


Second line with a gap above
</env>"""
OWN_WORDS = """# User instructions
Paint  the boats blue.   Paint the boats blue.
- Paint the boats blue.
- Paint the boats blue."""
TOOL_RULES = """# Using your tools
 - Call Fetcher before Grinder. Call Fetcher before Grinder.
 - Call as many tools at once as are independent of each other."""
PROTECTED = (ENVIRONMENT.partition("\n")[2], OWN_WORDS.partition("\n")[2], TOOL_RULES.partition("\n")[2])


class Filler:
    """Made-up sentences; the same ones for the same seed."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)

    def thing(self) -> str:
        """A noun with another one."""
        return f"{self.random.choice(NOUNS)} {self.random.choice(NOUNS)}"

    def rule(self) -> str:
        """A sentence that demands something."""
        demand = self.random.choice(("Never", "Always", "Only", "You must"))
        return (
            f"{demand} {self.random.choice(VERBS)} the {self.thing()} {self.random.choice(WAYS)} at the {self.thing()}."
        )

    def reason(self) -> str:
        """A sentence that explains."""
        return (
            f"This keeps the {self.thing()} close to the {self.thing()}, and the {self.thing()} "
            f"{self.random.choice(WAYS)} near the {self.thing()}."
        )

    def bullet(self) -> str:
        """A rule with its reasons."""
        return " ".join([f" - {self.rule()}", *(self.reason() for _ in range(self.random.randint(0, 2)))])

    def section(self, bullets: int) -> str:
        """A heading, an introduction, rules, some of them twice."""
        rules = [self.bullet() for _ in range(bullets)]
        rules += self.random.sample(rules, k=max(1, bullets // 5))
        return "\n".join([f"# The {self.thing()}", f"{self.reason()} {self.reason()}", "", *rules, "", ""])

    def examples(self) -> str:
        """A section of tagged examples, a list of them and a table."""
        tagged = [f"<example>\nuser: {self.rule()}\nanswer: {self.thing()}\n</example>" for _ in range(5)]
        listed = [f"- the {self.thing()} {self.random.choice(WAYS)}" for _ in range(15)]
        rows = [f"| {self.thing():<24} | {self.rule():<90} |" for _ in range(14)]
        lists = [*tagged, "", "Some examples:", *listed, "", "| what | how |", "|---|---|", *rows]
        return "\n".join([f"# Examples of the {self.thing()}", *lists])


def system_prompt(characters: int = 26_700, seed: int = 1) -> str:
    """A prompt of about that length."""
    filler = Filler(seed)
    made = [filler.section(4), TOOL_RULES, filler.examples() if characters > 12_000 else filler.section(2)]
    ends = [ENVIRONMENT, OWN_WORDS]
    while sum(map(len, [*made, *ends])) < characters:
        made.append(filler.section(filler.random.randint(4, 9)))
    return "\n\n".join([*made, *ends])


def system_blocks(characters: int = 26_700, seed: int = 1) -> list[Json]:
    """The three blocks of a coding client: its mark, who the model is, the prompt."""
    mark = {"cache_control": {"type": "ephemeral"}}
    return [
        {"type": "text", "text": BILLING},
        {"type": "text", "text": IDENTITY, **mark},
        {"type": "text", "text": system_prompt(characters, seed), **mark},
    ]


def refilled(request: Json, seed: int = 1, made: Callable[[int, int], str] = system_prompt) -> Json:
    """A request whose long system blocks are replaced by made-up ones of their length."""
    blocks = [
        {**block, "text": made(len(block["text"]), seed)} if len(block["text"]) > 1_000 else block
        for block in request["system"]
    ]
    return {**request, "system": blocks}
