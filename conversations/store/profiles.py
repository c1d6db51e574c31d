from collections.abc import Collection
from typing import Any, Unpack

from conversations.store.errors import ProfileNotFound
from conversations.store.pages import page
from conversations.store.rows import PROFILE, ProfileFields, StoredProfile, profile_of
from tenants.ids import uuid7
from tenants.store.calls import Calls
from tenants.store.recipe import Batch, Recipe, both_forms
from tenants.store.values import json_text, repaired

WHERE = "WHERE bot_id = %(bot)s AND telegram_id = %(telegram_id)s"
FIND = f"SELECT {PROFILE} FROM profiles AS profile {WHERE}"
JSON_FIELDS = ("interests", "additional_data")
# A change of a profile is audited, so activity is noted by the minute.
TOUCHED_EVERY = "interval '1 minute'"


class ProfileCalls(Calls):
    def _get_profile(self, telegram_id: int) -> Recipe[StoredProfile]:
        """Raises ProfileNotFound.

        >>> store.get_profile(1001).name
        'Анна'
        """
        return (yield from self._profile(telegram_id, FIND))

    def _upsert_profile(
        self, telegram_id: int, **fields: Unpack[ProfileFields]
    ) -> Recipe[tuple[StoredProfile, bool]]:
        """Makes the profile, or changes these fields of it; and whether it is new.

        >>> person, is_new = store.upsert_profile(1002, name="Emma", interests=["books"])
        >>> store.upsert_profile(1002, age=30)[0].name
        'Emma'
        """
        if unknown := fields.keys() - ProfileFields.__annotations__.keys():
            raise TypeError(f"A profile has no field {', '.join(sorted(unknown))}.")
        row = repaired({**fields}, noted_in="additional_data")
        values = {
            name: json_text(value) if name in JSON_FIELDS else value for name, value in row.items()
        }
        new_id = uuid7()
        upsert = _upsert(row, added_to=row.keys() - fields.keys())
        profile = yield from self._profile(telegram_id, upsert, FIND, new_id=new_id, **values)
        return profile, profile.id == new_id

    def _merge_profile_data(
        self, telegram_id: int, changes: dict[str, Any]
    ) -> Recipe[StoredProfile]:
        """Sets these keys of `additional_data`, and leaves the others. Raises ProfileNotFound.

        >>> store.merge_profile_data(1001, {"mood": "good"}).additional_data
        {'mood': 'good'}
        """
        row = repaired({"changes": changes}, noted_in="changes")
        merged = "additional_data || %(changes)s::jsonb"
        return (
            yield from self._profile(
                telegram_id,
                f"UPDATE profiles SET additional_data = {merged} {WHERE}"
                f" AND additional_data IS DISTINCT FROM {merged}",
                FIND,
                changes=json_text(row["changes"]),
            )
        )

    def _touch_profile(self, telegram_id: int) -> Recipe[StoredProfile]:
        """Notes that the person is active now, to the minute. Raises ProfileNotFound.

        >>> store.touch_profile(1001).last_active_at is None
        False
        """
        return (
            yield from self._profile(
                telegram_id,
                f"UPDATE profiles SET last_active_at = now() {WHERE}"
                f" AND (last_active_at IS NULL OR last_active_at < now() - {TOUCHED_EVERY})",
                FIND,
            )
        )

    def _list_profiles(
        self, limit: int = 50, after: StoredProfile | None = None
    ) -> Recipe[list[StoredProfile]]:
        """The last active first. `after` is the last one of the page before.

        >>> first = store.list_profiles(limit=1)
        >>> rest = store.list_profiles(after=first[-1])
        """
        rows = yield from page(
            f"SELECT {PROFILE} FROM profiles AS profile WHERE bot_id = %(bot)s",
            "last_active_at",
            limit=limit,
            last=(after.last_active_at, after.id) if after else None,
        )
        if not rows:
            yield from self._bot_exists()
        return [profile_of(row) for row in rows]

    get_profile, aget_profile = both_forms(_get_profile)
    upsert_profile, aupsert_profile = both_forms(_upsert_profile)
    merge_profile_data, amerge_profile_data = both_forms(_merge_profile_data)
    touch_profile, atouch_profile = both_forms(_touch_profile)
    list_profiles, alist_profiles = both_forms(_list_profiles)

    def _profile(
        self, telegram_id: int, *statements: str, **values: object
    ) -> Recipe[StoredProfile]:
        rows = yield Batch(*statements, telegram_id=telegram_id, **values)
        if not rows:
            yield from self._bot_exists()
            raise ProfileNotFound(f"This bot has no profile with the Telegram id {telegram_id}.")
        return profile_of(rows[0])


def _upsert(columns: Collection[str], added_to: Collection[str]) -> str:
    """`added_to` are JSON objects of which only some keys are given."""
    casts = {name: f"%({name})s{'::jsonb' if name in JSON_FIELDS else ''}" for name in columns}
    names = "".join(f", {name}" for name in columns)
    values = "".join(f", {cast}" for cast in casts.values())
    insert = (
        f"INSERT INTO profiles AS profile (id, bot_id, telegram_id{names})"
        f" VALUES (%(new_id)s, %(bot)s, %(telegram_id)s{values}) ON CONFLICT (bot_id, telegram_id)"
    )
    if not columns:
        return f"{insert} DO NOTHING"
    new = {
        name: f"profile.{name} || EXCLUDED.{name}" if name in added_to else f"EXCLUDED.{name}"
        for name in columns
    }
    return (
        f"{insert} DO UPDATE SET {', '.join(f'{name} = {value}' for name, value in new.items())}"
        f" WHERE ROW({', '.join(f'profile.{name}' for name in columns)})"
        f" IS DISTINCT FROM ROW({', '.join(new.values())})"
    )
