"""What one sample consists of, and the bots it is shared among."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from botplatform.demo.fleet import DemoBot, DemoError, Size, make_fleet

UNTIL = datetime(2025, 9, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Order:
    size: Size
    """Of the clean part; dirt comes on top."""
    dialect: str
    seed: int
    names: tuple[str, ...] = ()
    """Of the bots, when they are not to be made up; as many as the size says."""
    dirt: tuple[str, ...] = ()
    until: datetime = UNTIL
    """The last messages are of shortly before."""

    @property
    def one_tree(self) -> bool:
        """A single named bot: the folder is its tree, not one of several."""
        return len(self.names) == 1

    def bots(self) -> list[DemoBot]:
        fleet = make_fleet(self.size, self.seed, ())
        if not self.names:
            return fleet
        return [replace(bot, name=name) for bot, name in zip(fleet, self.names, strict=True)]


def checked_names(names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if not name.strip() or name.startswith(".") or {"/", "\\", "\0"} & set(name):
            raise DemoError(
                f"{name!r} cannot be a folder's name; a bot's folder is named after it."
            )
        if len(name.encode()) > 255:
            raise DemoError("A bot's name of more than 255 bytes cannot be a folder's name.")
    if len({name.casefold() for name in names}) < len(names):
        raise DemoError("Two bots have the same name.")
    return tuple(names)
