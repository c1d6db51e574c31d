"""What a batch would do, without doing it."""

import uuid

from conversations.models import Profile
from legacy_import.batches.batch import Batch, Finished
from legacy_import.batches.counts import Books
from tenants.context import maintenance_context


class DryRun:
    def __init__(self, bot_id: uuid.UUID | None) -> None:
        # None for a bot that the import would make.
        self.bot_id = bot_id
        self.books = Books()

    def write(self, batch: Batch) -> Finished:
        people = {profile.telegram_id for part in batch.parts for _, profile in part.profiles}
        there: set[int] = set()
        if people and self.bot_id:
            with maintenance_context():
                rows = Profile.objects.filter(bot_id=self.bot_id, telegram_id__in=people)
                there = set(rows.values_list("telegram_id", flat=True))
        for part in batch.parts:
            edited = part.edits
            for place, profile in part.profiles:
                known = place in edited or profile.telegram_id in there
                part.counts["profiles"].changed += known
                part.counts["profiles"].inserted += not known
            for place, _, _ in part.metrics:
                part.counts["metrics"].changed += place in edited
                part.counts["metrics"].inserted += place not in edited
        return [
            (part, counts)
            for part in batch.parts
            if (counts := self.books.add(part.file_id, part.file.path, part.counts, part.ends))
            and part.ends
        ]
