"""Triggers on top of django-pgtrigger."""

import pgtrigger
from django.db import models
from pgtrigger import compiler

from tenants.policies import KEEPER


class FirmTriggerSql(compiler.UpsertTriggerSql):
    """django-pgtrigger's installation without the part that `pgtrigger.ignore` switches off.

    Any SQL could silence a trigger by setting that parameter, and each call would pay for a
    subtransaction to look at it. Migrations refer to this template: change it only by a new class.
    """

    def get_template(self) -> str:
        return """
            CREATE OR REPLACE FUNCTION {pgid}() RETURNS TRIGGER AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
            {rights}
            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE {constraint} TRIGGER {pgid}
                {when} {operation} ON {table}
                {timing}
                {referencing}
                FOR EACH {level} {condition}
                EXECUTE PROCEDURE {execute};

            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """

    def get_defaults(self, pgid: str) -> dict[str, str]:
        return {**super().get_defaults(pgid), "rights": ""}


class KeeperTriggerSql(FirmTriggerSql):
    """Runs as the keeper, who may do what the writer of the row may not."""

    def get_defaults(self, pgid: str) -> dict[str, str]:
        rights = f"ALTER FUNCTION {pgid}() SECURITY DEFINER; "
        owner = f"ALTER FUNCTION {pgid}() OWNER TO {KEEPER};"
        return {**super().get_defaults(pgid), "rights": rights + owner}


class CompiledFirmTrigger(compiler.Trigger):
    @property
    def uninstall_sql(self) -> str:
        """Takes the function away with the trigger."""
        return f"{super().uninstall_sql} DROP FUNCTION IF EXISTS {self.sql.pgid}();"


class FirmTrigger(pgtrigger.Trigger):
    sql_class = FirmTriggerSql

    def compile(self, model: models.Model) -> compiler.Trigger:
        compiled = super().compile(model)
        arguments = {
            name: value for name, value in compiled.sql.kwargs.items() if name != "ignore_func_name"
        }
        return CompiledFirmTrigger(name=compiled.name, sql=self.sql_class(**arguments))


class KeeperTrigger(FirmTrigger):
    sql_class = KeeperTriggerSql


def keep_bot() -> FirmTrigger:
    """A row never leaves its bot."""
    return FirmTrigger(
        name="keep_bot",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("bot_id"),
        condition=pgtrigger.Condition("OLD.bot_id IS DISTINCT FROM NEW.bot_id"),
        func="RAISE EXCEPTION 'a row keeps its bot'"
        " USING ERRCODE = 'integrity_constraint_violation';",
    )


def keep_name() -> FirmTrigger:
    """A manager who tries names would learn those of other bots: names are unique."""
    return FirmTrigger(
        name="keep_name",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("name"),
        condition=pgtrigger.Condition(
            "OLD.name IS DISTINCT FROM NEW.name AND current_setting('role') = 'admin'"
        ),
        func="""
    IF NOT staff_is_superuser() THEN
        RAISE EXCEPTION 'only a superuser names bots' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
""",
    )


def touch_updated_at() -> FirmTrigger:
    """Keeps `updated_at` true, for raw SQL as well."""
    return FirmTrigger(
        name="touch_updated_at",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition("OLD.* IS DISTINCT FROM NEW.*"),
        func="NEW.updated_at = now(); RETURN NEW;",
    )
