"""What is stored about a person here: profile, chats, messages."""

import hashlib
import hmac
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import ClassVar

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from conversations.models import Conversation, ErasedPerson, Message, Profile
from tenants import personal
from tenants.personal import SMALLEST_TELLING_ID, Person, Rows

ROWS_AT_ONCE = 2000
# A bot that writes takes the conversation first and then looks at the profile, so this waits for
# it; two erasures take them in one order.
LOCK_CHATS = """
    SELECT id, profile_id FROM conversations WHERE bot_id = %(bot)s
    AND (profile_id = %(profile)s OR chat_id = %(telegram)s AND profile_id IS NULL)
    ORDER BY id FOR UPDATE
"""
LOCK_PROFILE = "SELECT 1 FROM profiles WHERE bot_id = %(bot)s AND id = %(profile)s FOR UPDATE"
# Where the sender was a word in the legacy file, the id stands beside it.
IDS_OF_SENDER = ("sender_id", "user_id", "from_id")
# As of SMALLEST_TELLING_ID; what stands before it may be its sign.
TELLING_ID = re.compile(r"(?<![0-9])[1-9][0-9]{4,18}(?![0-9])")


class Gone(Exception):
    """Somebody else erased or deleted the profile a moment ago."""


def chats_of(profile: Profile) -> QuerySet[Conversation]:
    """The latest first. A private chat has its person's id, also before they are linked."""
    mine = Q(profile_id=profile.pk) | Q(chat_id=profile.telegram_id, profile_id=None)
    chats: QuerySet[Conversation] = Conversation.objects.filter(mine, bot_id=profile.bot_id)
    return chats.order_by(F("last_message_at").desc(nulls_last=True), "pk")


def person_of(profile: Profile) -> Person:
    chats = tuple(sorted(chats_of(profile).values_list("pk", flat=True)))
    return Person(profile.bot_id, profile.pk, profile.telegram_id, chats)


def erase(profile: Profile) -> uuid.UUID:
    """Everything or, when anything fails, nothing; the id of the receipt."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Longer than a page may take: a bot's whole audit log is looked through.
        cursor.execute("SET LOCAL statement_timeout = '10min'")
        person = _locked(profile)
        receipt = personal.erase(person)
        mark = mark_of(person.bot_id, person.telegram_id)
        ErasedPerson.objects.create(bot_id=person.bot_id, mark=mark)
        return receipt


def _locked(profile: Profile) -> Person:
    values = Person(profile.bot_id, profile.pk, profile.telegram_id, ()).values
    with connection.cursor() as cursor:
        cursor.execute(LOCK_CHATS, values)
        cursor.execute(LOCK_PROFILE, values)
        if not cursor.fetchall():
            raise Gone
        # Those that were linked while this waited for the profile; from here on none can be.
        cursor.execute(LOCK_CHATS, values)
        chats = tuple(id for id, _ in cursor.fetchall())
    return Person(profile.bot_id, profile.pk, profile.telegram_id, chats)


def mark_of(bot_id: uuid.UUID, telegram_id: int) -> bytes:
    """Tells that a Telegram id was erased to who has the id, and the key; to nobody else."""
    key: str = settings.TOKEN_FINGERPRINT_KEY
    return hmac.digest(key.encode(), f"erased:{bot_id}:{telegram_id}".encode(), hashlib.sha256)


class ErasedPeople:
    """Of one bot; `7 in` it says whether that person was erased."""

    def __init__(self, bot_id: uuid.UUID) -> None:
        self.bot_id = bot_id
        marks = ErasedPerson.objects.filter(bot=bot_id).values_list("mark", flat=True)
        self.marks = set(map(bytes, marks))

    def __contains__(self, telegram_id: object) -> bool:
        if not isinstance(telegram_id, int) or not self.marks:
            return False
        return mark_of(self.bot_id, telegram_id) in self.marks

    def have_file(self, key: int | None, path: str) -> bool:
        """A file of one of them, by the id in its name; a stray one is named somehow."""
        if key is not None or not self.marks:
            return key in self
        found = map(int, TELLING_ID.findall(path))
        return any(number in self or -number in self for number in found)


class ConversationsHolder:
    tables: ClassVar[Mapping[str, str]] = {
        "profiles": "the person",
        "conversations": "their chats",
        "messages": "all of their chats, and what they sent in other chats",
        "changed_days": "nothing: days of a bot",
        "erased_people": "nothing: a keyed hash",
    }

    def export(self, person: Person) -> Iterator[tuple[str, Rows]]:
        bot, columns = person.bot_id, [f.attname for f in Message._meta.concrete_fields]
        columns.remove("search")
        messages = Message.objects.filter(bot=bot).order_by("conversation_id", "position")
        messages = messages.values(*columns)
        chats = Conversation.objects.filter(bot=bot, pk__in=person.chats).order_by("pk")
        of_chats = messages.filter(conversation_id__in=person.chats)
        yield "profile", Profile.objects.filter(bot=bot, pk=person.profile_id).values()
        yield "conversations", chats.values()
        yield "messages", of_chats.iterator(ROWS_AT_ONCE)
        elsewhere = _elsewhere(person).order_by("conversation_id", "position").values(*columns)
        yield "messages_in_other_chats", elsewhere.iterator(ROWS_AT_ONCE)

    def erase(self, person: Person) -> dict[str, int]:
        """Messages go with their conversations, in the database."""
        bot, chats = person.bot_id, list(person.chats)
        with connection.cursor() as cursor:
            messages = Message.objects.filter(bot=bot, conversation_id__in=chats).count()
            number, _ = _elsewhere(person).delete()
            messages += number
            cursor.execute(
                "DELETE FROM conversations WHERE bot_id = %s AND id = ANY (%s)", [bot, chats]
            )
            conversations = cursor.rowcount
            cursor.execute(
                "DELETE FROM profiles WHERE bot_id = %s AND id = %s", [bot, person.profile_id]
            )
            profiles = cursor.rowcount
        return {"messages": messages, "conversations": conversations, "profiles": profiles}


def _elsewhere(person: Person) -> QuerySet[Message]:
    """Sent by the person in chats that are not theirs."""
    sent, telegram_id = Q(sender_id=person.telegram_id), person.telegram_id
    if abs(telegram_id) >= SMALLEST_TELLING_ID:
        for name in IDS_OF_SENDER:
            ids = Q(**{f"metadata__{name}__in": [telegram_id, str(telegram_id)]})
            sent |= ids & Q(sender_type="user")
    messages: QuerySet[Message] = Message.objects.filter(sent, bot=person.bot_id)
    return messages.exclude(conversation_id__in=person.chats)
