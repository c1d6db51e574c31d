"""What is asked and done in SQL to undo a run."""

OURS = """
    SELECT transaction FROM import_chunks WHERE bot_id = %(bot)s
    UNION SELECT transaction FROM import_changes WHERE bot_id = %(bot)s
    UNION SELECT jsonb_array_elements(transactions)::bigint FROM import_runs WHERE bot_id = %(bot)s
"""
# The rows that the run inserted, a table each.
ROWS = "CREATE TEMPORARY TABLE undone_{table} (id uuid PRIMARY KEY) ON COMMIT DROP"
IN_RANGES = """
    INSERT INTO undone_messages SELECT row.id
    FROM unnest(%(firsts)s::uuid[], %(lasts)s::uuid[]) AS range (first, last)
    CROSS JOIN LATERAL (
        SELECT id FROM messages WHERE bot_id = %(bot)s AND id BETWEEN range.first AND range.last
        OFFSET 0) AS row
"""
# Rows that a chunk names one by one.
ROWS_THERE = """
    INSERT INTO undone_{table} SELECT id FROM {table}
    WHERE bot_id = %(bot)s AND id = ANY (%(rows)s) ON CONFLICT DO NOTHING
"""
# What each change replaced first, of the rows this run did not insert itself.
BEFORE = """
    CREATE TEMPORARY TABLE undone_changes ON COMMIT DROP AS
    SELECT DISTINCT ON (row_id)
        change.table_name, change.row_id, change.before, change.written_by, change.file_id
    FROM import_changes AS change JOIN import_files AS file
        ON file.bot_id = change.bot_id AND file.id = change.file_id
    WHERE change.bot_id = %(bot)s AND file.run_id = %(run)s AND change.row_id IS NOT NULL
    ORDER BY row_id, change.id
"""
# Rows in the run's ranges that a rollback had left to somebody else: the run only changed them.
TAKEN_OVER = """
    DELETE FROM undone_messages AS row USING undone_changes
    WHERE row_id = row.id AND before <> '{}'
"""
MOST_LISTED = 1000
TABLES = ("messages", "profiles", "bot_metrics")
TEMPORARY = (
    *(f"undone_{table}" for table in TABLES),
    *("undone_changes", "undone_links", "undone_conversations"),
)
RESTORED = {
    "messages": (
        *("telegram_message_id", "sender_type", "sender_id", "content", "message_type"),
        *("metadata", "sent_at"),
    ),
    "profiles": (
        *("name", "age", "location", "interests", "chat_style", "personality"),
        *("additional_data", "created_at", "last_active_at"),
    ),
    "bot_metrics": ("metric_name", "metric_value", "metric_tags", "recorded_at"),
}
FREE_IDS = "UPDATE messages AS row SET telegram_message_id = NULL"
IDS_DIFFER = " AND row.telegram_message_id IS DISTINCT FROM was.telegram_message_id"
# What somebody else had written before the run.
THEIRS = "coalesce(written_by <> ALL (%(ours)s), false)"
FOREIGN = "{row}.xmin::text::bigint <> ALL (%(ours)s)"
# Messages that would get back a Telegram id which one that stays has by now.
ID_TAKEN = f"""
    DELETE FROM undone_changes AS change USING messages AS row
    WHERE change.table_name = 'messages' AND row.bot_id = %(bot)s AND row.id = change.row_id
    AND before ->> 'telegram_message_id' IS DISTINCT FROM row.telegram_message_id::text
    AND NOT ({FOREIGN.format(row="row")})
    AND EXISTS (
        SELECT FROM messages AS other
        WHERE other.bot_id = %(bot)s AND other.conversation_id = row.conversation_id
        AND other.telegram_message_id = (before ->> 'telegram_message_id')::bigint
        AND ({FOREIGN.format(row="other")}
            OR NOT EXISTS (SELECT FROM undone_messages AS gone WHERE gone.id = other.id)
            AND NOT EXISTS (
                SELECT FROM undone_changes AS also WHERE also.row_id = other.id
                AND also.before ->> 'telegram_message_id'
                    IS DISTINCT FROM other.telegram_message_id::text)))
    RETURNING row_id
"""
# To the state of a file before, what it shared with the run's.
GIVE_BACK_BYTES = """
    UPDATE import_file_parts AS part SET data = gone.data, same_as = gone.same_as
    FROM import_files AS file JOIN import_file_parts AS gone
        ON gone.bot_id = file.bot_id AND gone.file_id = file.id
    WHERE file.bot_id = %(bot)s AND file.run_id = %(run)s
    AND part.bot_id = %(bot)s AND part.same_as = gone.id
"""
