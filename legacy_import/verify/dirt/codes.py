"""What may be noted under each code: of which field, how it stood in the file, in which words."""

import re
from collections.abc import Collection

from legacy_import.verify.source.reading import CANNOT_BE_READ, DAMAGE, NO_FILE, NOT_WHOLE
from legacy_import.verify.source.strangers import MASKED, NOT_A_RECORD, WITHHELD
from legacy_import.verify.source.tree import Kind

_NUMBER = rb"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"
_ODD = _NUMBER + rb"|NaN|-?Infinity"
_FIELD = "/[^/]+"
_SENT = "/(ts|timestamp)"
_LIVED = "created_at|last_active|last_activity"
_OF_MESSAGES = "id|sender|direction|content|text|message_type"
_OF_PEOPLE = "telegram_id|chat_id|name|age|location|interests|chat_style|personality"
# Of a repair: its pointer, and the bytes that are kept of it.
REPAIRS = {
    "byte-order-mark": ("", b"\xef\xbb\xbf"),
    "utf-16": ("", b"(\xff\xfe|\xfe\xff)?"),
    "utf-32": ("", b"\xff\xfe\0\0|\0\0\xfe\xff"),
    "windows-1251": ("", b".*[\x80-\xff].*"),
    "control-character": ("", b""),
    "trailing-comma": ("", b""),
    "missing-records": ("/(messages|girls|history)", b""),
    "nul-character": (".*", rb'".*\\u0000.*"'),
    "lone-surrogate": (".*", rb'".*\\ud[89a-f].*"'),
    "odd-number": (".*", _ODD),
    "duplicate-key": ("/.*", b".+"),
    "number-as-string": (_FIELD, b'".*[0-9].*"'),
    "fraction-of-zero": (_FIELD, rb"-?[0-9]+[.eE].+"),
    "string-as-number": (_FIELD, _ODD),
    "text-list": ("/(content|text)", rb"\[.*\]"),
    "missing-field": (f"/({_OF_MESSAGES}|{_OF_PEOPLE}|{_LIVED})", b'|null|""'),
    "time-left-out": (f"/({_LIVED})", b".+"),
    "missing-time": (_SENT, b"|null"),
    "unreadable-time": (_SENT, b".+"),
    "fraction-cut": (f"/(ts|timestamp|{_LIVED})", b".*[0-9].*"),
    "ambiguous-time": (f"/(ts|timestamp|{_LIVED})", b".*[0-9].*"),
    **dict.fromkeys(("duplicate-id", "id-not-checked", "telegram-id-taken"), ("/id", b"-?[0-9]+")),
    "id-not-a-number": ("/id", b"(?!-?[0-9]+$).+"),
    "id-differs": ("/chat_id", b".+"),
}
# Of a reject: its reason. Most say nothing more than their code.
REJECTS = {
    **dict.fromkeys(("symlink", "not-a-file", "unreadable", "tokens-withheld"), ""),
    **dict.fromkeys(("too-deep", "unexpected-shape"), ""),
    **dict.fromkeys(("leftover", "unknown-file"), r"|A token in it is masked\."),
    **dict.fromkeys(("empty", "truncated", "damaged", "trailing-garbage"), "|Backups: .+"),
    "name-not-a-number": ".{0,100}",
    "too-large": "|more than [0-9,]+ values",
    "malformed": "|.+ character [0-9]+",
    "undecodable": "|byte [0-9]+ of the record",
    "unstorable-key": "(/.{0,199})?",
    "superseded": r"girls_data/-?[0-9]+\.json",
    "not-an-object": "|metrics",
    **dict.fromkeys(("id-too-large", "number-too-large"), ".{1,40}"),
    "id-differs": "-?[0-9]+, and -?[0-9]+ in the name",
    "id-not-a-number": "telegram_id|chat_id",
    **dict.fromkeys(("sender-unknown", "direction-unknown", "age-not-a-number"), ".{1,100}"),
    "not-text": "[a-z_]+(: (True|False))?",
    "not-a-list": "interests",
    "age-out-of-range": "|-?[0-9]+",
    "number-not-finite": "NaN|-?Infinity",
    "metric-name": ".{0,100}",
    **dict.fromkeys(("refused-by-database", "not-understood"), ".*"),
}
# Which of them may be given for what the verifier could not read, and of records that it could: by
# their file's kind. Of several faults in a record each of the two readers names the first it met.
DAMAGED = frozenset(
    [
        *("empty", "truncated", "damaged", "trailing-garbage", "malformed", "undecodable"),
        *("too-large", "too-deep", "unexpected-shape"),
    ]
)
_NOT_OPENED = frozenset(("symlink", "not-a-file", "unreadable"))
_STRANGER = frozenset(("leftover", "unknown-file", "name-not-a-number"))
FOR_REASON: dict[str, Collection[str]] = {
    **{NO_FILE: _NOT_OPENED, CANNOT_BE_READ: _NOT_OPENED, NOT_WHOLE: DAMAGED, DAMAGE: DAMAGED},
    **{NOT_A_RECORD: _STRANGER, MASKED: _STRANGER, WITHHELD: frozenset(("tokens-withheld",))},
}
_ANY = {"not-an-object", "too-deep", "too-large", "unstorable-key", "not-understood"}
_PERSON = {
    *("id-too-large", "id-differs", "id-not-a-number", "not-text", "not-a-list"),
    *("age-not-a-number", "age-out-of-range", "name-not-a-number", "superseded"),
}
OF_RECORDS: dict[Kind, Collection[str]] = {
    Kind.CONVERSATION: _ANY | {"id-too-large", "sender-unknown", "direction-unknown", "not-text"},
    Kind.PROFILE: _ANY | _PERSON,
    Kind.OLDER_PROFILES: _ANY | _PERSON,
    Kind.METRICS: _ANY | {"number-not-finite", "number-too-large", "metric-name"},
}


def codes_for(kind: Kind, reason: str) -> Collection[str]:
    """Of a reject; `reason` is the verifier's own."""
    return FOR_REASON[reason] if reason in FOR_REASON else OF_RECORDS.get(kind, ())


def is_repair(code: str, pointer: str, original: bytes) -> bool:
    if code not in REPAIRS:
        return False
    if code != "windows-1251" and original != original.strip(b" \t\r\n"):
        return False
    field, kept = REPAIRS[code]
    found = re.fullmatch(field, pointer, re.DOTALL) and re.fullmatch(kept, original, re.DOTALL)
    return found is not None


def is_reject(code: str, reason: str) -> bool:
    return code in REJECTS and re.fullmatch(REJECTS[code], reason, re.DOTALL) is not None
