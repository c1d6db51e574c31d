"""Why a record was rejected or repaired: every code that reading gives."""

REJECTS = {
    # Files that are not opened, or cannot be read at all
    "symlink": "A symbolic link: it is not followed.",
    "not-a-file": "A pipe, a device or a socket: it is not opened.",
    "unreadable": "The system refuses to read it; see its permissions.",
    "leftover": "A half-written or set-aside file of the old code.",
    "unknown-file": "No file of a known kind: kept as it is.",
    "tokens-withheld": "Named like bots.json: it may hold tokens, so its bytes are not kept.",
    "name-not-a-number": "The file's name is to be a Telegram id.",
    "too-large": "A single record of more than 8 MB or 500,000 values: its bytes are kept.",
    # Damaged JSON
    "empty": "The file has no content.",
    "truncated": "The file ends within a record; the records before it are read.",
    "damaged": "From here on the file is not JSON; the records before it are read.",
    "trailing-garbage": "Something follows the end of the JSON; the records before it are read.",
    "malformed": "The record is not JSON.",
    "undecodable": "The record's bytes are no text in the file's encoding.",
    "too-deep": "Nested deeper than 200 levels.",
    "unstorable-key": "Two keys would become the same one without what PostgreSQL cannot store.",
    # Readable, but no record
    "unexpected-shape": "JSON, but not of this file's kind.",
    "superseded": "The profile has a file of its own, which wins; if that one was rejected too, mend it.",
    "not-an-object": "The record is not a JSON object.",
    "id-too-large": "An id beyond 64 bits.",
    "id-differs": "The id inside differs from the one in the file's name.",
    "id-not-a-number": "The record's id is not a number.",
    "sender-unknown": "The sender is neither a name nor a number.",
    "direction-unknown": 'The direction is neither "in" nor "out".',
    "not-text": "A text was expected here.",
    "not-a-list": "A list was expected here.",
    "age-not-a-number": "The age is not a number.",
    "age-out-of-range": "The age is not within 18..100.",
    "number-not-finite": "A metric that is no number (NaN, Infinity).",
    "number-too-large": "A metric of more than 1,000 digits.",
    "metric-name": "A metric's name is empty or longer than 200 characters.",
    "missing-name": "A bot without a name.",
    "name-too-long": "A bot's name of more than 200 characters.",
    "not-a-token": "A bot's token that has no token's form: set it in the back office.",
    "token-taken": "Another bot has this token: set the right one in the back office.",
    # Found when it was written
    "refused-by-database": "PostgreSQL does not take a value of it: the reason has its words.",
}

REPAIRS = {
    # The file's encoding and form
    "byte-order-mark": "The file begins with a byte order mark.",
    "utf-16": "The file is UTF-16.",
    "utf-32": "The file is UTF-32.",
    "windows-1251": "The file is Windows-1251.",
    "trailing-comma": "A comma before the end of the list.",
    "missing-records": "The file has no list of records: taken for empty.",
    "control-character": "A bare control character within a text.",
    # Values
    "nul-character": "U+0000, which PostgreSQL cannot store, became U+FFFD.",
    "lone-surrogate": "Half of a surrogate pair became U+FFFD.",
    "odd-number": "A number that JSON columns cannot keep exactly is kept as its text.",
    "duplicate-key": "A key stood twice in one object: the last one wins.",
    "number-as-string": "A number was written as a string.",
    "fraction-of-zero": "A whole number was written with a fraction, such as 5.0.",
    "string-as-number": "A string was written as a number.",
    "text-list": "A text in pieces was joined.",
    "missing-field": "A field was missing: its default was taken.",
    "time-left-out": "No known form of time: the field is empty.",
    "unknown-status": "The bot's status is none of ours: it is inactive.",
    "token-masked": "A token stood in the bot's config: it is masked there.",
    # Ids
    "duplicate-id": "The message id stood earlier in the file: this message has none.",
    "telegram-id-taken": "Another message of the chat has this id: this message has none.",
    "id-not-a-number": "The message id is no number: this message has none.",
    "id-not-checked": "So many ids are out of order that this one was not compared: it has none.",
    "id-differs": "The id inside differs from the one in the file's name, which wins.",
    # Times
    "missing-time": "No time: that of the message before was taken (of the first ones, after).",
    "unreadable-time": "No known form of time: that of the message before (or after) was taken.",
    "fraction-cut": "More than six digits of a second's fraction.",
    "ambiguous-time": "The clocks were turned in this hour: the first of the two times was taken.",
}

LEFT_FOR_LATER = {"too-fresh": "Changed within --min-age: left for the next pass."}

MEANINGS = {**REPAIRS, **REJECTS, **LEFT_FOR_LATER}
