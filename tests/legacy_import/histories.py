"""One random history of a legacy tree and its database, each step with what must hold after it."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from botplatform.store import BotStore
from legacy_import.retry import retry
from legacy_import.runs.run import Report
from legacy_import.undoing.rollback import WrittenSince, rollback
from legacy_import.verify.checks import CHECKS, ISOLATION, PERFORMANCE, SELF_TEST
from legacy_import.verify.findings import Findings
from legacy_import.verify.report.result import as_text, status
from legacy_import.verify.verification import Verification
from tenants.context import bot_context, maintenance_context
from tenants.models import Bot
from tests.factories import BotFactory
from tests.legacy_import.changed_values import changed_value
from tests.legacy_import.living_tree import LivingTree
from tests.legacy_import.tree import query
from tests.legacy_import.whole_state import State, differences, of_imports, state, timeless
from tests.legacy_import.written_back import as_json, within

ByHand = Callable[[str], AbstractContextManager[None]]
SLOW = {PERFORMANCE, ISOLATION, SELF_TEST}


@dataclass
class Pass:
    run: int
    options: dict[str, Any]
    before: State
    after: State
    tree: int
    live: int


@dataclass
class History:
    seed: int
    folder: Path
    by_hand: ByHand
    told: list[str] = field(default_factory=list)
    passes: list[Pass] = field(default_factory=list)
    # How often the tree changed, and how often a bot wrote.
    tree_changes: int = 0
    live_writes: int = 0
    # Whether a rollback left rows of its run.
    left: bool = False
    salvaged: bool = False
    current: bool = False

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.begun = timezone.now().isoformat()
        self.bots = self.rng.choice([["Emma"], ["Emma"], ["Anna", "Emma"]])
        self.zone = ZoneInfo(self.rng.choice(["UTC", "Europe/Moscow"]))
        self.tree = LivingTree(self.rng, self.folder / "legacy", self.bots)

    @property
    def bot(self) -> str | None:
        return self.bots[0] if len(self.bots) == 1 else None

    def state(self) -> State:
        return state(self.bots, self.folder / "exported")

    def run(self) -> None:
        Bot.objects.all().delete()
        if len(self.bots) == 1:
            BotFactory(name=self.bots[0])
        self.told += self.tree.fill()
        self.imported()
        for _ in range(self.rng.randint(3, 7)):
            [step] = self.rng.choices(
                [self.change, self.live, self.undone, self.retried], [8, 2, 4, 1]
            )
            step()
        if self.current and not self.left:
            self.mutated()
            self.mutated()

    def tell(self, what: str) -> None:
        self.told.append(what)

    def change(self) -> None:
        for _ in range(self.rng.randint(1, 4)):
            self.tell(self.tree.change(self.rng.choice(self.bots)))
        self.tree_changes += 1
        self.current = False
        self.imported()

    def imported(self, options: dict[str, Any] | None = None) -> Pass:
        if options is None:
            kinds = ["profiles", "conversations", "metrics", "backups"]
            only = self.rng.sample(kinds, self.rng.choice([0] * 9 + [1, 2]))
            options = {
                "only": frozenset(only),
                "salvage_backups": self.rng.random() < 0.2,
                "store_backups": self.rng.random() < 0.8,
            }
        self.salvaged |= options["salvage_backups"]
        self.tell(f"import {options}")
        before = self.passes[-1].after if self.passes and self.unwritten() else self.state()
        if self.rng.random() < 0.3:
            dry = self.report(dry_run=True, **options)
            assert not differences(self.state(), before), "a dry run changed something"
            counts = dry.counts.as_json()
        else:
            counts = None
        report = self.report(**options)
        if counts is not None:
            assert report.counts.as_json() == counts, "a dry run counts otherwise"
        assert report.run_id
        done = Pass(
            report.run_id, options, before, self.state(), self.tree_changes, self.live_writes
        )
        self.passes.append(done)
        self.current = not options["only"]
        self.verified()
        if self.current and not report.outcome.left.number:
            self.compared()
        return done

    def unwritten(self) -> bool:
        return self.passes[-1].live == self.live_writes and not self.left

    def report(self, **options: Any) -> Report:
        return self.tree.tree.imported(bot=self.bot, source_tz=self.zone, **options)

    def verified(self) -> None:
        # What was written since would stop a rollback, which the verification says.
        undoable = self.passes and self.unwritten() and self.rng.random() < 0.5
        findings = self.findings(
            deep=self.rng.random() < 0.3,
            number=self.passes[-1].run if undoable else None,
            accept_removed=True,
        )
        found = status(findings)
        assert found == "passed" or (not self.current and found != "error"), as_text(findings)

    def findings(self, **options: Any) -> Findings:
        checks = CHECKS if self.rng.random() < 0.2 else CHECKS.keys() - SLOW
        findings = Findings(100, {*checks})
        return Verification(self.tree.root, self.bot, findings=findings, **options).run()

    def compared(self) -> None:
        """Each accepted file with what it is written back as."""
        rejected = {
            (bot, path)
            for bot, path in query(
                "SELECT DISTINCT bots.name, path FROM import_rejects AS reject"
                " JOIN import_files AS file ON file.id = file_id"
                " JOIN bots ON bots.id = reject.bot_id WHERE solved_by IS NULL"
            )
        }
        whole = query(
            "SELECT bots.name, path, count(*) = 1 FROM import_files AS file"
            " JOIN bots ON bots.id = bot_id WHERE file.status <> 'undone' GROUP BY 1, 2"
        )
        for bot, path, once in whole:
            top = self.tree.root / bot if len(self.bots) > 1 else self.tree.root
            source = top / path
            if (bot, path) in rejected or not source.is_file() or not path.endswith(".json"):
                continue
            files, problems = self.passes[-1].after["export"][bot]
            if any(problem.startswith(f"{path}:") for problem in problems):
                continue
            found = as_json(files[path])
            expected = as_json(source.read_bytes())
            if once and not (self.live_writes or self.left or self.salvaged):
                assert found == expected, f"{path} is not written back"
            elif path.startswith("conversations/"):
                assert within(expected, found), f"{path} is not written back: {expected}, {found}"

    def live(self) -> None:
        bot = self.rng.choice(self.bots)
        with maintenance_context():
            bot_id = Bot.objects.get(name=bot).pk
        with bot_context(bot_id):
            store = BotStore(bot_id)
            for _ in range(self.rng.randint(1, 3)):
                kind = self.rng.choice(["message", "message", "metric", "person"])
                number = self.rng.choice([1, 2, 3, 50])
                if kind == "message":
                    id = self.rng.choice([None, None, 102, 105, 900])
                    store.record_message(
                        number, sender_type="user", content="live", telegram_message_id=id
                    )
                    self.tell(f"live message of {bot} in {number}, id {id}")
                elif kind == "metric":
                    store.record_metric("a", 1)
                    self.tell(f"live metric of {bot}")
                elif not query(
                    "SELECT FROM profiles WHERE bot_id = %s AND telegram_id = %s", bot_id, number
                ):
                    store.upsert_profile(number, name="Live")
                    self.tell(f"live person {number} of {bot}")
        self.live_writes += 1
        self.verified()

    def undone(self) -> None:
        for _ in range(min(len(self.passes), self.rng.choice([1, 1, 2, 3]))):
            last = self.passes[-1]
            exact = last.live == self.live_writes and not self.left
            before = self.state()
            self.tell(f"rollback {last.run}")
            dry = rollback(last.run, dry_run=True)
            try:
                undone = rollback(last.run)
            except WrittenSince as stopped:
                if exact:
                    raise AssertionError(f"somebody wrote {stopped.rows}") from None
                if differences(self.state(), before):
                    raise AssertionError("a refused rollback changed something") from None
                undone = rollback(last.run, keep_written=True)
                self.tell("... left rows")
                self.left = True
            assert (undone.removed, undone.restored) == (dry.removed, dry.restored)
            self.passes.pop()
            self.current = False
            if not self.left:
                found, expected = self.state(), last.before
                if not exact:
                    found, expected = of_imports(found), of_imports(expected)
                if wrong := differences(found, expected):
                    raise AssertionError("not as before the run: " + "\n".join(wrong))
            if self.rng.random() < 0.4:
                self.verified()
            if self.rng.random() < 0.5:
                self.again(last, exact)
                return
        self.imported()

    def again(self, last: Pass, exact: bool) -> None:
        again = self.imported(last.options)
        if exact and last.tree == self.tree_changes:
            wrong = differences(timeless(again.after, self.begun), timeless(last.after, self.begun))
            if wrong:
                raise AssertionError("not as it was imported first: " + "\n".join(wrong))

    def retried(self) -> None:
        if not self.passes:
            return
        last = self.passes[-1]
        before = self.state()
        self.tell(f"retry {last.run}")
        assert retry(last.run).placed == 0
        if self.unwritten():  # else it links the chat of somebody whom a bot met since
            wrong = differences(self.state(), before)
            assert not wrong, "a retry changed something: " + "\n".join(wrong)
        self.verified()

    def mutated(self) -> None:
        """A value that somebody changes by hand is noticed. It leaves rows that nobody imported."""
        if (statement := changed_value(self.rng, self.begun)) is None:
            return
        with self.by_hand(statement):
            findings = self.findings(accept_removed=True)
        assert status(findings) == "differences", f"unseen: {statement}\n{as_text(findings)}"
