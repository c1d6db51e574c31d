"""Which of a bot's files are read: all of them, or some that are spread over the tree."""

from legacy_import.verify.source.tree import File, Kind

# There is one of each.
ALWAYS = (Kind.METRICS, Kind.OLDER_PROFILES)


class Sample:
    def __init__(self, wanted: int | None) -> None:
        self.wanted = wanted
        self.files = 0

    def add(self, file: File) -> None:
        self.files += file.kind is not Kind.BOTS

    @property
    def is_whole(self) -> bool:
        return self.wanted is None or self.wanted >= self.files

    def has(self, n: int, file: File) -> bool:
        """Whether the bot's file number `n` is one of them."""
        if self.wanted is None or not self.wanted:
            return self.wanted is None
        return file.kind in ALWAYS or n * self.wanted % self.files < self.wanted
