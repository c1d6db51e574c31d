"""Undoes a run: its rows go, what it changed is as before, and what others wrote since stays.

Whether a row was written since is told by its xmin, the transaction that wrote it last: any that is
not in the ledger is somebody else's. (After a dump and restore every row counts as written.)
"""

from legacy_import.models import ImportFile, ImportRun
from legacy_import.refusal import ImportRefused
from legacy_import.runs import ledger
from legacy_import.undoing.rows import RunRows, Undone
from tenants import correlation
from tenants.context import maintenance_context


class WrittenSince(Exception):
    """Somebody else wrote to rows of the run; nothing was undone."""

    def __init__(self, rows: list[str]) -> None:
        super().__init__(f"{len(rows)} rows were written to since.")
        self.rows = rows


def rollback(
    number: int, dry_run: bool = False, keep_written: bool = False, bot: str | None = None
) -> Undone:
    """All bots of the run whose part is not undone, or the one named; or none of them."""
    with maintenance_context():
        runs = ledger.runs_numbered(number, bot)
    standing = [run for run in runs if run.status != ImportRun.Status.UNDONE]
    names = {run.bot.name: run.bot_id for run in standing}
    _require_undoable(number, runs, standing)
    runs = standing
    with ledger.locked(names):
        _require_last(number, runs)
        undone = Undone(0, number)
        if dry_run:
            for run in runs:
                with maintenance_context():
                    RunRows(run, undone).look()
            return undone
        begun = ledger.begin(list(names.values()), ImportRun.Action.ROLLBACK, {}, about=number)
        undone.run_id = next(iter(begun.values())).number
        try:
            with correlation.correlated(f"rollback-{undone.run_id:08}"), maintenance_context():
                for run in runs:
                    undoing = RunRows(run, undone)
                    undoing.look()
                    if undone.kept and not keep_written:
                        raise WrittenSince(undone.kept)
                    undoing.undo(begun[run.bot_id])
        except BaseException:
            for run in begun.values():
                ledger.end(run, ImportRun.Status.FAILED)
            raise
    return undone


def _require_undoable(number: int, runs: list[ImportRun], standing: list[ImportRun]) -> None:
    if any(run.action == ImportRun.Action.ROLLBACK for run in runs):
        raise ImportRefused(f"Run {number} is a rollback itself: import the tree again instead.")
    if not standing:
        raise ImportRefused(f"Run {number} is undone already.")


def _require_last(number: int, runs: list[ImportRun]) -> None:
    """What came after stands on this run: rows it changed, and records it did not import again."""
    for run in runs:
        with maintenance_context():
            paths = ImportFile.objects.filter(bot=run.bot_id, run=run.pk).values("path")
            after = (
                ImportFile.objects.filter(bot=run.bot_id, path__in=paths)
                .exclude(status=ImportFile.Status.UNDONE)
                .filter(run__number__gt=number)
                .values_list("run__number", flat=True)
            )
            if later := sorted(set(after), reverse=True):
                numbers = ", ".join(str(each) for each in later)
                raise ImportRefused(
                    f"Later runs imported from the same files. Roll back first, in this order: "
                    f"{numbers}."
                )
