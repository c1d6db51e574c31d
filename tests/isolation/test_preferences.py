"""Language and time zone: everybody's own, from any browser, under the office's own login."""

from collections.abc import Iterator
from importlib import import_module

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from botplatform.planes import MIGRATOR
from tenants.office import secure_preferences
from tests.isolation.world import DENIED, World, acting, log_in, refusal

pytestmark = pytest.mark.django_db
SETTINGS = {"language": "ru", "time_zone": "Asia/Novosibirsk"}


@pytest.fixture
def staff(world: World) -> User:
    return world.alice.staff


@pytest.fixture(autouse=True)
def unset(world: World) -> Iterator[None]:
    yield
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        migrator.execute("DELETE FROM staff_preferences")
        migrator.execute("DELETE FROM django_session")


def test_the_migration_holds_what_is_emitted() -> None:
    migration = import_module("tenants.migrations.0008_staff_preferences")
    assert "\n" + "".join(f"{statement};\n" for statement in secure_preferences()) == migration.SQL


def test_they_are_kept_for_the_next_login(client: Client, staff: User) -> None:
    client.force_login(staff)
    assert client.post(reverse("settings"), SETTINGS).status_code == 302
    again = Client()
    again.force_login(staff)
    page = again.get(reverse("settings"))
    assert '<html lang="ru"' in page.content.decode()
    assert page.context["form"].initial["time_zone"] == "Asia/Novosibirsk"
    profile = again.get(reverse("admin:conversations_profile_changelist"))
    assert str(profile.context["request"].user.preferences) == "ru Asia/Novosibirsk"


def test_times_are_shown_in_ones_zone(client: Client, world: World, staff: User) -> None:
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        change = "UPDATE profiles SET last_active_at = '2031-01-02 20:30+00' WHERE bot_id = %s"
        migrator.execute(change, [world.alice.id])
    client.force_login(staff)
    address = reverse("admin:conversations_profile_change", args=[world.alice.profile.pk])
    assert "Jan. 2, 2031, 8:30 p.m." in client.get(address).content.decode()
    client.post(reverse("settings"), {"language": "en", "time_zone": "asia/novosibirsk"})
    assert "Jan. 3, 2031, 3:30 a.m." in client.get(address).content.decode()


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "../../etc/passwd", "\0", "x" * 500, "localtime", "factory"]
)
def test_what_is_no_zone(client: Client, staff: User, zone: str) -> None:
    client.force_login(staff)
    page = client.post(reverse("settings"), {"language": "", "time_zone": zone})
    assert page.status_code == 200
    assert "time_zone" in page.context["form"].errors
    offered = page.context["time_zones"]
    assert {"Europe/Moscow", "UTC"} < set(offered)
    assert not {"localtime", "Factory"} & set(offered)


def test_the_switch_in_the_menu(client: Client, staff: User) -> None:
    client.force_login(staff)
    index = reverse("admin:index")
    values = {"language": "ru", "next": index}
    assert client.post(reverse("language"), values)["Location"] == index
    again = Client()
    again.force_login(staff)
    assert '<html lang="ru"' in again.get(index).content.decode()
    client.post(reverse("language"), {"language": "xx", "next": "https://evil.example/"})
    assert '<html lang="ru"' in again.get(index).content.decode()


def test_the_browsers_language_counts_until_then(client: Client, staff: User) -> None:
    page = client.get(reverse("admin:login"), headers={"Accept-Language": "ru"})
    assert '<html lang="ru"' in page.content.decode()


def test_everybodys_own(world: World) -> None:
    add = "INSERT INTO staff_preferences VALUES (%s, 'ru', '')"
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        migrator.execute(add, [world.bob.staff.pk])
    with acting("admin", user=world.alice.staff.pk) as session:
        assert session.execute("SELECT * FROM staff_preferences").fetchall() == []
        assert refusal(session, add, [world.superuser.pk]) == DENIED
        assert session.execute("UPDATE staff_preferences SET language = 'en'").rowcount == 0
        assert session.execute("DELETE FROM staff_preferences").rowcount == 0
        assert refusal(session, "UPDATE staff_preferences SET user_id = 1") == DENIED
    for role in ("bot", "super_admin"):
        with acting(role, bot=world.alice.id) as session:
            assert refusal(session, "SELECT FROM staff_preferences") == DENIED
