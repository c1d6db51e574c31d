"""What a person types into a search box, as a tsquery that PostgreSQL always accepts.

борщ рецепт        both words, in any form; the last one may be unfinished
"плов с мясом"     these words in this order
путешеств*         words that begin so
чай OR кофе        either; also `или`
суп -рамен         without
"""

import re
import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQueryField
from django.db.models import BooleanField, F, Func, IntegerField, UUIDField, Value

CONFIG = "russian"
# A word of a tsquery holds at most 2,046 bytes, 13 of them its bot: this is never too long a word.
LONGEST_TEXT = 500
MOST_TERMS = 20
MOST_FOUND = 1000
# Shorter ones begin a good part of all words.
SHORTEST_PREFIX, SHORTEST_UNFINISHED = 2, 3

QUOTES = str.maketrans(dict.fromkeys("«»“”„‟″", '"') | {"\0": " "})
TERM = re.compile(r'(?P<minus>-*)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
OR = ("or", "или")


def search_query(text: str) -> str:
    """For to_tsquery; empty when there is nothing to look for."""
    text = text.encode("utf-8", "ignore").decode().translate(QUOTES)[:LONGEST_TEXT]
    alternatives: list[list[str]] = [[]]
    for match in [*TERM.finditer(text)][:MOST_TERMS]:
        if match["word"] and not match["minus"] and match["word"].lower() in OR:
            alternatives.append([])
        elif operand := _operand(match, unfinished=match.end() == len(text)):
            alternatives[-1].append(operand)
    return " | ".join(
        f"({' & '.join(terms)})"
        for terms in alternatives
        # Only exclusions would find nearly everything.
        if any(not term.startswith("!") for term in terms)
    )


def _operand(match: re.Match[str], unfinished: bool) -> str:
    term = match["phrase"] if match["word"] is None else match["word"].rstrip("*")
    if not any(character.isalnum() for character in term):
        return ""
    escaped = term.replace("\\", "\\\\").replace("'", "''")
    operand = f"'{escaped}'"
    if match["word"] and re.fullmatch(r"\w+", term):
        asked = match["word"].endswith("*") and len(term) >= SHORTEST_PREFIX
        if asked or (unfinished and not match["minus"] and len(term) >= SHORTEST_UNFINISHED):
            operand += ":*"
    return f"!{operand}" if match["minus"] else operand


class FoundIds(Func):
    """Calls the database's search_messages, which knows whose rows it may look at."""

    template = "(ARRAY(SELECT found.id FROM search_messages(%(expressions)s) AS found))"
    output_field = ArrayField(UUIDField())


class QueryOfBot(Func):
    """The words of `messages.search` begin with their bot: so do a query's."""

    function = "query_of_bot"
    output_field = SearchQueryField()


class EqualsAny(Func):
    template = "%(expressions)s"
    arg_joiner = " = ANY "
    output_field = BooleanField()


class InOrderOf(Func):
    function = "array_position"
    output_field = IntegerField()

    def __init__(self, ids: list[uuid.UUID]) -> None:
        super().__init__(Value(ids, output_field=ArrayField(UUIDField())), F("pk"))
