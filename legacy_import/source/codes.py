"""Why a record was rejected or repaired: every code that reading gives."""

from django.utils.translation import gettext_noop as _

REJECTS = {
    # Files that are not opened, or cannot be read at all
    "symlink": _("A symbolic link: it is not followed."),
    "not-a-file": _("A pipe, a device or a socket: it is not opened."),
    "unreadable": _("The system refuses to read it; see its permissions."),
    "leftover": _("A half-written or set-aside file of the old code."),
    "unknown-file": _("No file of a known kind: kept as it is."),
    "tokens-withheld": _("Named like bots.json: it may hold tokens, so its bytes are not kept."),
    "name-not-a-number": _("The file's name is to be a Telegram id."),
    "too-large": _("A single record of more than 8 MB or 500,000 values: its bytes are kept."),
    # Damaged JSON
    "empty": _("The file has no content."),
    "truncated": _("The file ends within a record; the records before it are read."),
    "damaged": _("From here on the file is not JSON; the records before it are read."),
    "trailing-garbage": _("Something follows the end of the JSON; the records before it are read."),
    "malformed": _("The record is not JSON."),
    "undecodable": _("The record's bytes are no text in the file's encoding."),
    "too-deep": _("Nested deeper than 200 levels."),
    "unstorable-key": _("Two keys would become the same one without what PostgreSQL cannot store."),
    # Readable, but no record
    "unexpected-shape": _("JSON, but not of this file's kind."),
    "superseded": _(
        "The profile has a file of its own, which wins; if that was rejected, mend it."
    ),
    "not-an-object": _("The record is not a JSON object."),
    "id-too-large": _("An id beyond 64 bits."),
    "id-differs": _("The id inside differs from the one in the file's name."),
    "id-not-a-number": _("The record's id is not a number."),
    "sender-unknown": _("The sender is neither a name nor a number."),
    "direction-unknown": _('The direction is neither "in" nor "out".'),
    "not-text": _("A text was expected here."),
    "not-a-list": _("A list was expected here."),
    "age-not-a-number": _("The age is not a number."),
    "age-out-of-range": _("The age is not within 18..100."),
    "number-not-finite": _("A metric that is no number (NaN, Infinity)."),
    "number-too-large": _("A metric of more than 1,000 digits."),
    "metric-name": _("A metric's name is empty or longer than 200 characters."),
    "missing-name": _("A bot without a name."),
    "name-too-long": _("A bot's name of more than 200 characters."),
    "not-a-token": _("A bot's token that has no token's form: set it in the back office."),
    "token-taken": _("Another bot has this token: set the right one in the back office."),
    "not-understood": _("A mistake of the importer, whose words the reason has: please report it."),
    # Found when it was written
    "refused-by-database": _("PostgreSQL does not take a value of it: the reason has its words."),
}

REPAIRS = {
    # The file's encoding and form
    "byte-order-mark": _("The file begins with a byte order mark."),
    "utf-16": _("The file is UTF-16."),
    "utf-32": _("The file is UTF-32."),
    "windows-1251": _("The file is Windows-1251."),
    "trailing-comma": _("A comma before the end of the list."),
    "missing-records": _("The file has no list of records: taken for empty."),
    "control-character": _("A bare control character within a text."),
    # Values
    "nul-character": _("U+0000, which PostgreSQL cannot store, became U+FFFD."),
    "lone-surrogate": _("Half of a surrogate pair became U+FFFD."),
    "odd-number": _("A number that JSON columns cannot keep exactly is kept as its text."),
    "duplicate-key": _("A key stood twice in one object: the last one wins."),
    "number-as-string": _("A number was written as a string."),
    "fraction-of-zero": _("A whole number was written with a fraction, such as 5.0."),
    "string-as-number": _("A string was written as a number."),
    "text-list": _("A text in pieces was joined."),
    "missing-field": _("A field was missing: its default was taken."),
    "time-left-out": _("No known form of time: the field is empty."),
    "unknown-status": _("The bot's status is none of ours: it is inactive."),
    "token-masked": _("A token stood in the bot's config: it is masked there."),
    # Ids
    "duplicate-id": _("The message id stood earlier in the file: this message has none."),
    "telegram-id-taken": _("Another message of the chat has this id: this message has none."),
    "id-not-a-number": _("The message id is no number: this message has none."),
    "id-not-checked": _(
        "So many ids are out of order that this one was not compared: it has none."
    ),
    "id-differs": _("The id inside differs from the one in the file's name, which wins."),
    # Times
    "missing-time": _("No time: that of the message before was taken (of the first ones, after)."),
    "unreadable-time": _("No known form of time: that of the message before (or after) was taken."),
    "fraction-cut": _("More than six digits of a second's fraction."),
    "ambiguous-time": _(
        "The clocks were turned in this hour: the first of the two times was taken."
    ),
}

LEFT_FOR_LATER = {"too-fresh": _("Changed within --min-age: left for the next pass.")}

MEANINGS = {**REPAIRS, **REJECTS, **LEFT_FOR_LATER}
