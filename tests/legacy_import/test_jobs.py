"""What managers ask for is done by runner processes, once, and a runner may be killed."""

import json
import shutil
import signal

import pytest
from django.contrib.auth.models import User

from legacy_import.jobs.asking import AlreadyAsked, attend
from legacy_import.models import ImportRun, Job
from legacy_import.runs.ledger import LOCK_CLASS
from legacy_import.verify.checks import CHECKS
from tenants.models import AuditEntry, Bot, BotAccess
from tests.factories import BotAccessFactory, BotFactory, UserFactory
from tests.isolation.world import DENIED, acting, log_in, refusal
from tests.legacy_import.jobs import asked, job, run_once, runner, until
from tests.legacy_import.tree import Tree, contents, line, query

pytestmark = pytest.mark.django_db(transaction=True)
MIGRATOR = "botplatform_migrator"


@pytest.fixture
def run(tree: Tree) -> ImportRun:
    """Of Emma, with a reject."""
    tree.old_chat(7, line(1), "lost", line(3))
    tree.imported()
    return ImportRun.objects.get(bot__name="Emma")


@pytest.fixture
def manager(run: ImportRun) -> User:
    return BotAccessFactory(bot=run.bot, role="manager").user


def test_each_action_by_a_runner(run: ImportRun, manager: User, tree: Tree) -> None:
    with runner() as process:

        def done(action: str, **how: bool) -> Job:
            job_id = asked(manager, run, action, **how)
            until(lambda: job(job_id).finished_at)
            return job(job_id)

        verified = done("verify")
        assert (verified.exit_code, "accounting" in verified.output) == (0, True)
        assert json.loads(verified.report or "")["verified_at"]
        assert verified.result["status"] == "passed"
        assert verified.result["checks"].keys() == CHECKS.keys()
        retried = done("retry")
        assert (retried.exit_code, retried.output[:26]) == (3, "1 records tried, 0 placed.")
        assert retried.result == {"run_id": 2, "tried": 1, "placed": 0}
        plan = done("plan")
        assert plan.exit_code == 0
        assert "2 messages would go" in plan.output
        assert (plan.result["removed"]["messages"], plan.result["written_since"]) == (2, 0)
        assert len(contents(7)) == 2
        query("UPDATE messages SET content = 'mine' WHERE position = 1 RETURNING 1")
        refused = done("rollback")
        assert (refused.exit_code, "Nothing was undone" in refused.output) == (3, True)
        assert (refused.result["run_id"], refused.result["written_since"]) == (None, 1)
        assert len(contents(7)) == 2
        kept = done("rollback", keep_written=True)
        assert kept.exit_code == 3
        assert (kept.result["removed"]["messages"], kept.result["written_since"]) == (1, 1)
        assert contents(7) == [(1, "mine")]
        shutil.rmtree(tree.root)
        gone = done("verify")
        assert (gone.exit_code, str(tree.root) in gone.output) == (1, True)
        assert (gone.report, gone.result) == (None, {})
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_one_bots_part_of_a_run(tree: Tree) -> None:
    for bot in ("Emma", "Anna"):
        tree.write(f"{bot}/conversations/1.json", [line(1)])
    tree.imported(bot=None)
    run = ImportRun.objects.get(bot__name="Emma")
    asked(UserFactory(is_superuser=True), run, "rollback")
    run_once()
    assert query("SELECT bots.name FROM messages JOIN bots ON bots.id = bot_id") == [("Anna",)]
    assert dict(ImportRun.objects.filter(number=1).values_list("bot__name", "status")) == {
        "Emma": "undone",
        "Anna": "done",
    }


def test_a_renamed_bots_verification_reads_nobody_elses_files(tree: Tree) -> None:
    for bot in ("Emma", "Anna"):
        tree.write(f"{bot}/conversations/1.json", [line(1)])
    tree.imported(bot=None)
    run = ImportRun.objects.get(bot__name="Emma")
    boss = UserFactory(is_superuser=True)
    for name, code in (("EMMA", 0), ("Kate", 1)):
        Bot.objects.filter(pk=run.bot_id).update(name=name)
        job_id = asked(boss, run, "verify")
        run_once()
        assert job(job_id).exit_code == code, job(job_id).output
        assert "Anna" not in job(job_id).output + (job(job_id).report or "")
    assert "no folder Kate" in job(job_id).output


def test_a_second_click_asks_nothing(run: ImportRun, manager: User) -> None:
    first = asked(manager, run, "retry")
    with pytest.raises(AlreadyAsked) as already:
        asked(manager, run, "rollback")
    assert already.value.job.pk == first


def test_who_lost_the_bot_meanwhile_gets_nothing(run: ImportRun, manager: User) -> None:
    job_id = asked(manager, run, "rollback")
    BotAccess.objects.filter(user=manager).update(role="operator")
    run_once()
    assert (job(job_id).exit_code, "no longer manages" in job(job_id).output) == (1, True)
    assert len(contents(7)) == 2


def test_a_run_of_before_paths_were_kept(run: ImportRun, manager: User) -> None:
    query("UPDATE import_runs SET options = options - 'path' RETURNING 1")
    job_id = asked(manager, run, "verify")
    run_once()
    assert job(job_id).exit_code == 1
    assert "verify_migration PATH --bot 'Emma'" in job(job_id).output


def test_a_killed_runner(run: ImportRun, manager: User) -> None:
    def state(job_id: object) -> tuple[bool, str]:
        [found] = jobs = list(Job.objects.filter(pk=job_id))
        return attend(jobs), found.state

    with log_in(MIGRATOR, autocommit=True) as holding:
        holding.execute("SELECT pg_advisory_lock(%s)", [LOCK_CLASS])
        job_id = asked(manager, run, "retry")
        assert state(job_id) == (False, "waiting")
        with runner() as process:
            until(lambda: state(job_id) == (True, "running"))
            process.kill()
            process.wait()
            until(lambda: state(job_id) == (False, "lost"))
    run_once()
    assert (job(job_id).exit_code, state(job_id)) == (None, (False, "lost"))
    assert "Ask again" in job(job_id).output
    again = asked(manager, run, "retry")
    run_once()
    assert job(again).exit_code == 3


@pytest.mark.slow
def test_a_stopped_runner_says_so(run: ImportRun, manager: User) -> None:
    with log_in(MIGRATOR, autocommit=True) as holding:
        holding.execute("SELECT pg_advisory_lock(%s)", [LOCK_CLASS])
        job_id = asked(manager, run, "retry")
        with runner() as process:
            until(lambda: query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
    assert job(job_id).exit_code == 130
    assert "Stopped" in job(job_id).output


def test_two_runners_take_no_job_twice() -> None:
    boss, bots = UserFactory(is_superuser=True), [BotFactory() for _ in range(6)]
    runs = [ImportRun(bot=bot, number=1, action="import", status="done") for bot in bots]
    ImportRun.objects.bulk_create(runs)
    jobs = {asked(boss, run, "plan") for run in runs}
    with log_in(MIGRATOR) as holding:
        holding.execute("LOCK TABLE import_jobs IN EXCLUSIVE MODE")
        with runner("--once") as one, runner("--once") as other:
            until(lambda: _waiting() == 2)
            holding.rollback()
            assert (one.wait(30), other.wait(30)) == (0, 0)
    assert set(Job.objects.values_list("exit_code", flat=True)) == {0}
    begun = AuditEntry.objects.filter(table_name="import_jobs", after__has_key="started_at")
    begun = begun.filter(operation="UPDATE").values_list("row_key", flat=True)
    assert sorted(begun) == sorted(map(str, jobs))


def _waiting() -> int:
    [(number,)] = query(
        "SELECT count(*) FROM pg_locks WHERE relation = 'import_jobs'::regclass AND NOT granted"
    )
    return int(number)


def test_what_a_manager_may_ask(run: ImportRun, manager: User) -> None:
    """By the database, under the office's login."""
    other = BotFactory(name="other")
    foreign = ImportRun.objects.create(bot=other, number=2, action="import", status="done")
    viewer = BotAccessFactory(bot=run.bot, role="operator").user
    ask = (
        "INSERT INTO import_jobs (id, bot_id, run_id, action, keep_written, asked_by_id)"
        " VALUES (gen_random_uuid(), %s, %s, 'plan', false, %s)"
    )
    with acting("admin", user=manager.pk) as session:
        assert refusal(session, ask, [run.bot_id, run.pk, viewer.pk]) == DENIED
        assert refusal(session, ask, [other.pk, foreign.pk, manager.pk]) == DENIED
        assert refusal(session, ask, [run.bot_id, foreign.pk, manager.pk]) == "23503"
        forged = ask.replace("keep_written", "output").replace("false", "'x'")
        assert refusal(session, forged, [run.bot_id, run.pk, manager.pk]) == DENIED
        assert refusal(session, ask, [run.bot_id, run.pk, manager.pk]) is None
        assert refusal(session, "UPDATE import_jobs SET exit_code = 0") == DENIED
        assert refusal(session, "DELETE FROM import_jobs") == DENIED
        assert session.execute("SELECT count(*) FROM import_jobs").fetchone() == (1,)
    asked(manager, run, "plan")
    with acting("admin", user=viewer.pk) as session:
        assert session.execute("SELECT count(*) FROM import_jobs").fetchone() == (0,)
        assert refusal(session, ask, [run.bot_id, run.pk, viewer.pk]) == DENIED
    with acting("bot", bot=run.bot_id) as session:
        assert refusal(session, "SELECT 1 FROM import_jobs") == DENIED
    entry = AuditEntry.objects.get(table_name="import_jobs")
    assert (entry.user_id, entry.after["action"]) == (manager.pk, "plan")
    assert Bot.objects.count() == 2
    Bot.objects.get(pk=run.bot_id).delete()
    assert not Job.objects.exists()
