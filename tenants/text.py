"""Text that PostgreSQL cannot hold, repaired: a NUL, or half of a surrogate pair, becomes U+FFFD.

whole = storable(text)
if whole is not text:  # something was wrong
    metadata["repaired"] = {"content": escaped(text)}
"""

import json
import re
from typing import Any

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def storable(text: str) -> str:
    """The same object where nothing is wrong. Both halves of a pair become the character they mean.

    >>> storable("a\\0b")
    'a\ufffdb'
    """
    if "\0" not in text:
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return text
    return UNSTORABLE.sub("\ufffd", PAIR.sub(_joined, text))


def storable_json(value: Any) -> Any:
    """The same for every text in a JSON value, its keys included."""
    match value:
        case str():
            return storable(value)
        case dict():
            items = {storable_json(key): storable_json(item) for key, item in value.items()}
            same = all(
                key is was and item is value[was]
                for (key, item), was in zip(items.items(), value, strict=False)
            )
            return value if same and len(items) == len(value) else items
        case list() | tuple():
            elements = [storable_json(element) for element in value]
            same = all(element is was for element, was in zip(elements, value, strict=True))
            return value if same else elements
    return value


def escaped(original: Any) -> str:
    """As JSON in which nothing is unstorable: `json.loads` gives the original back."""
    text = json.dumps(original, ensure_ascii=False)
    return text.encode(errors="backslashreplace").decode()


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")
