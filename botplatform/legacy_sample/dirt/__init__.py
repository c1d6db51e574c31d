"""Dirt as it was seen in real files: every row of the table, each kind by name."""

from collections.abc import Callable

from botplatform.demo.fleet import DemoBot, DemoError
from botplatform.legacy_sample.dialects import Dialect
from botplatform.legacy_sample.dirt import damage, leftovers, names, records, times, values
from botplatform.legacy_sample.dirt.scene import Scene
from botplatform.legacy_sample.fleet import Order
from botplatform.legacy_sample.folder import Folder

KINDS: dict[str, Callable[[Scene], None]] = {
    kind.__name__: kind
    for kind in (
        damage.empty,
        damage.truncated,
        damage.garbage,
        damage.encodings,
        values.nul,
        values.surrogates,
        values.not_numbers,
        values.huge_numbers,
        values.deep_nesting,
        values.duplicate_keys,
        values.wrong_types,
        values.long_text,
        values.rich_text,
        records.missing_fields,
        records.duplicate_ids,
        records.ages,
        records.counters,
        times.bad_timestamps,
        times.time_formats,
        times.backwards,
        names.names_differ,
        names.odd_names,
        leftovers.leftovers,
        leftovers.lost_history,
        leftovers.strangers,
        leftovers.hostile_files,
    )
}


def chosen_kinds(text: str) -> tuple[str, ...]:
    if text == "all":
        return tuple(KINDS)
    chosen = tuple(dict.fromkeys(filter(None, text.replace(" ", "").split(","))))
    if unknown := [name for name in chosen if name not in KINDS]:
        raise DemoError(f"No such dirt: {', '.join(unknown)}. There is: all, {', '.join(KINDS)}.")
    return chosen


def write_dirt(folder: Folder, prefix: str, bot: DemoBot, dialect: Dialect, order: Order) -> None:
    for kind in order.dirt:
        number = list(KINDS).index(kind)
        KINDS[kind](Scene(folder, prefix, bot, dialect, order.until, kind, number))
