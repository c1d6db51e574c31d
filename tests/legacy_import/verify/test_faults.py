"""Independence, tried: a fault planted in the importer's reading is caught by the verifier."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from legacy_import.runs import session
from legacy_import.source.records import Message, Metric, Profile, Reject
from legacy_import.verify.report.result import status
from tests.legacy_import.tree import Tree, message
from tests.legacy_import.verify.verifying import SNAPSHOT, everything, verified

pytestmark = pytest.mark.django_db(transaction=True)

Records = Iterator[Any]
HOURS = dt.timedelta(hours=3)


def each(kind: type, **changes: Callable[[Any], Any]) -> Callable[[Records], Records]:
    """Records of a kind with another value."""

    def faulty(records: Records) -> Records:
        for one in records:
            if isinstance(one, kind):
                one = replace(one, **{name: value(one) for name, value in changes.items()})
            yield one

    return faulty


def without_the_second(records: Records) -> Records:
    for n, one in enumerate(records):
        if n != 1:
            yield one


def last_first(records: Records) -> Records:
    messages = list(records)
    places = [one.place for one in messages]
    for one, place in zip(reversed(messages), places, strict=True):
        yield replace(one, place=place)


def with_other_originals(records: Records) -> Records:
    for one in records:
        if isinstance(one, Message) and one.original:
            one = replace(one, original=one.original.replace(b"part", b"PART"))
        yield one


def with_other_notes(records: Records) -> Records:
    for one in records:
        if isinstance(one, Message):
            notes = tuple(replace(note, original=b'["nothing"]') for note in one.notes)
            one = replace(one, notes=notes)
        yield one


def with_one_note(records: Records) -> Records:
    for one in records:
        if isinstance(one, Message | Profile):
            one = replace(one, notes=one.notes[:1])
        yield one


def with_another_code(records: Records) -> Records:
    for one in records:
        if isinstance(one, Reject):
            one = replace(one, code="unexpected-shape", reason="")
        yield one


def twice(records: Records) -> Records:
    metrics = list(records)
    yield from metrics
    for one in metrics:
        yield replace(one, place=one.place + len(metrics))


FAULTS = {
    "content": each(Message, content=lambda one: one.content[:-1]),
    "sent_at": each(Message, sent_at=lambda one: one.sent_at + HOURS),
    "sender_type": each(Message, sender_type=lambda one: "user"),
    "metadata": each(Message, metadata=lambda one: {}),
    "message_type": each(Message, message_type=lambda one: "other"),
    "telegram_message_id": each(Message, telegram_message_id=lambda one: None),
    "interests": each(Profile, interests=lambda one: one.interests[:1]),
    "created_at": each(Profile, created_at=lambda one: one.created_at + HOURS),
    "additional_data": each(Profile, additional_data=lambda one: {}),
    "recorded_at": each(Metric, recorded_at=lambda one: one.recorded_at + HOURS),
    "metric_value": each(Metric, metric_value=lambda one: int(one.metric_value)),
    "a record dropped, and not counted": without_the_second,
    "the order": last_first,
    "a repaired record kept wrongly": with_other_originals,
    "a repair's original wrong": with_other_notes,
    "a note lost": with_one_note,
    "another code": with_another_code,
    "measurements twice": twice,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_importer_is_caught(tree: Tree, monkeypatch: Any, fault: str) -> None:
    read = session.read

    def faulty(root: Any, file: Any, **options: Any) -> Any:
        reading = read(root, file, **options)
        if fault in ("the order", without_the_second.__name__) and file.kind != "conversation":
            return reading
        if fault == "measurements twice" and file.kind != "metrics":
            return reading
        given = 0

        def counted() -> Records:
            nonlocal given
            for one in FAULTS[fault](records):
                given += 1
                yield one
            # As a fault in the counting would have it.
            reading.source = given

        records, reading.records = reading.records, counted()
        return reading

    monkeypatch.setattr(session, "read", faulty)
    tree.person(7, interests=["tea", "cats"], source="advert", created_at="2024-05-01")
    tree.chat(7, *(message(n, content=[f"part {n}"], width=n) for n in range(1, 6)))
    tree.chat(8, message(1), message(2, sender=[1]), message(3, content=["a"], id="4"))
    tree.write("metrics.json", {"history": [SNAPSHOT]})
    tree.imported()
    findings = verified(tree)
    assert status(findings) == "differences"
    found = everything(findings)
    if "_" in fault or fault in ("content", "metadata", "interests"):
        assert fault in {one.field for one in found}
