"""How far an import is: a bar on a terminal, a plain line every few seconds elsewhere."""

import time
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

EVERY = 5.0


class Bar:
    def __init__(self, stderr: Any, quiet: bool = False) -> None:
        self.stderr = stderr
        self.quiet = quiet
        self.terminal = bool(getattr(stderr, "isatty", lambda: False)())
        self.bar: Any = None
        self.size = self.done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.bar is not None:
            self.bar.close()

    def begin(self, size: int) -> None:
        self.size, self.begun = size, time.monotonic()
        self.said = self.begun
        if self.terminal and not self.quiet:
            self.bar = tqdm(total=size, unit="B", unit_scale=True, leave=False)

    def advance(self, size: int) -> None:
        self.done += size
        if self.bar is not None:
            self.bar.update(size)
        elif not self.quiet and time.monotonic() - self.said >= EVERY:
            self.said = time.monotonic()
            self.stderr.write(self._line())

    def _line(self) -> str:
        rate = self.done / (self.said - self.begun)
        left = f", {(self.size - self.done) / rate:.0f} s left" if rate else ""
        return (
            f"{self.done / 1e6:,.0f} of {self.size / 1e6:,.0f} MB "
            f"({self.done / max(self.size, 1):.0%}), {rate / 1e6:.1f} MB/s{left}"
        )
