"""Where a value ends that does not parse, or is too long or too deep to be parsed."""

import re

BRACKET_OR_QUOTE = re.compile(r'["\[\]{}]')
QUOTE_OR_ESCAPE = re.compile(r'["\\]')


class Brackets:
    """Counts them, outside of strings, from one piece of text to the next."""

    def __init__(self) -> None:
        self.depth = 0
        self.in_string = False

    def end_in(self, text: str, place: int) -> tuple[bool, int]:
        """Whether the value ends in the text, and where to go on or that end."""
        while True:
            pattern = QUOTE_OR_ESCAPE if self.in_string else BRACKET_OR_QUOTE
            found = pattern.search(text, place)
            if not found:
                return False, len(text)
            place = found.end()
            match found[0]:
                case "\\":
                    if place == len(text):
                        return False, place - 1
                    place += 1
                    continue
                case '"':
                    self.in_string = not self.in_string
                case "[" | "{":
                    self.depth += 1
                case _:
                    self.depth -= 1
            if self.depth <= 0 and not self.in_string:
                return True, place
