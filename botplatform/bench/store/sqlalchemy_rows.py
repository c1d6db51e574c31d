"""SQLAlchemy with one row for each message: one table for all bots, nothing between them."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Text, UniqueConstraint, create_engine, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from botplatform.bench.store.contender import LATEST, TEXT, Chat
from botplatform.bench.store.postgres import connect

FILL = """
    INSERT INTO plain_messages (bot_id, chat_id, telegram_message_id, sender_type, content, sent_at)
    SELECT messages.bot_id, chat_id, telegram_message_id, sender_type, content, sent_at
    FROM messages JOIN conversations ON conversations.bot_id = messages.bot_id
        AND conversations.id = messages.conversation_id
    ORDER BY sent_at, position
"""


class Base(DeclarativeBase):
    pass


class PlainMessage(Base):
    __tablename__ = "plain_messages"
    __table_args__ = (UniqueConstraint("bot_id", "chat_id", "telegram_message_id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    bot_id: Mapped[uuid.UUID]
    chat_id: Mapped[int] = mapped_column(BigInteger)
    telegram_message_id: Mapped[int | None] = mapped_column(BigInteger)
    sender_type: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SqlAlchemyRows:
    name = "SQLAlchemy"

    def __init__(self) -> None:
        self._engine = create_engine(
            "postgresql+psycopg://", creator=lambda: connect(autocommit=False)
        )
        with connect() as session:
            session.execute("DROP TABLE IF EXISTS plain_messages")
            Base.metadata.create_all(self._engine)
            session.execute(FILL)
            session.execute("CREATE INDEX ON plain_messages (bot_id, chat_id, id)")
            session.execute("VACUUM (ANALYZE) plain_messages")

    def latest(self, chat: Chat) -> list[str]:
        with Session(self._engine) as session:
            rows = session.scalars(
                select(PlainMessage)
                .where(PlainMessage.bot_id == chat.bot_id, PlainMessage.chat_id == chat.chat_id)
                .order_by(PlainMessage.id.desc())
                .limit(LATEST)
            ).all()
        return [row.content for row in reversed(rows)]

    def record(self, chat: Chat, numbers: Sequence[int]) -> None:
        with Session(self._engine) as session:
            session.execute(
                insert(PlainMessage).on_conflict_do_nothing(),
                [
                    {
                        "bot_id": chat.bot_id,
                        "chat_id": chat.chat_id,
                        "telegram_message_id": number,
                        "sender_type": "user",
                        "content": TEXT,
                    }
                    for number in numbers
                ],
            )
            session.commit()
