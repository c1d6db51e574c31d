from dataclasses import dataclass

Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Words:
    """Everything of the demo that depends on the language. In a topic `{it}` is its subject."""

    code: str
    utc_offset_hours: int
    first_names: str
    """Separated by spaces."""
    initials: str
    places: tuple[str, ...]
    interests: tuple[str, ...]
    chat_styles: tuple[str, ...]
    personalities: tuple[str, ...]
    greetings: tuple[Pair, ...]
    farewells: tuple[Pair, ...]
    openers: tuple[str, ...]
    photo_captions: tuple[str, ...]
    photo_answers: tuple[str, ...]
    voice_answers: tuple[str, ...]
    started: str
    topics: dict[str, tuple[tuple[str, ...], tuple[Pair, ...]]]
