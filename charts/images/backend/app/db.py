"""Tables, the connection pool, and whether the database answers.

The user, session, account and verification tables are better-auth's (camelCase columns are its
field names); the frontend reads and writes them through auth.py.
"""

import asyncio
import logging
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from sqlalchemy import (
    Boolean, Column, DateTime, ForeignKey, Index, MetaData, String, Table, Text, create_engine, event, text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.types import TypeDecorator

from .settings import settings

log = logging.getLogger("database")

READY_SECONDS = 2  # less than the readiness probe's timeout of 3


class Timestamp(TypeDecorator):
    """An aware UTC datetime on every database; SQLite has no time zones. Takes ISO 8601 text too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value, dialect):
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


def now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    return str(uuid.uuid4())


metadata = MetaData()


def _key():
    return Column("id", String(64), primary_key=True, default=new_id)


def _owner(name):
    return Column(name, String(64), ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True)


user = Table(
    "user", metadata, _key(),
    Column("name", Text, nullable=False),
    Column("email", String(320), nullable=False, unique=True),
    Column("emailVerified", Boolean, nullable=False, default=False),
    Column("image", Text),
    Column("createdAt", Timestamp, nullable=False, default=now),
    Column("updatedAt", Timestamp, nullable=False, default=now),
)
session = Table(
    "session", metadata, _key(), _owner("userId"),
    Column("token", String(255), nullable=False, unique=True),
    Column("expiresAt", Timestamp, nullable=False),
    Column("ipAddress", Text),
    Column("userAgent", Text),
    Column("createdAt", Timestamp, nullable=False, default=now),
    Column("updatedAt", Timestamp, nullable=False, default=now),
)
account = Table(
    "account", metadata, _key(), _owner("userId"),
    Column("accountId", Text, nullable=False),
    Column("providerId", Text, nullable=False),
    Column("accessToken", Text),
    Column("refreshToken", Text),
    Column("idToken", Text),
    Column("accessTokenExpiresAt", Timestamp),
    Column("refreshTokenExpiresAt", Timestamp),
    Column("scope", Text),
    Column("password", Text),
    Column("createdAt", Timestamp, nullable=False, default=now),
    Column("updatedAt", Timestamp, nullable=False, default=now),
)
verification = Table(
    "verification", metadata, _key(),
    Column("identifier", String(320), nullable=False, index=True),
    Column("value", Text, nullable=False),
    Column("expiresAt", Timestamp, nullable=False),
    Column("createdAt", Timestamp, nullable=False, default=now),
    Column("updatedAt", Timestamp, nullable=False, default=now),
)
todo = Table(
    "todo", metadata, _key(), Column("user_id", String(64), ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("title", String(200), nullable=False),
    Column("completed", Boolean, nullable=False, default=False),
    Column("created_at", Timestamp, nullable=False, default=now),
    Column("updated_at", Timestamp, nullable=False, default=now, onupdate=now),
    Index("todo_of_user", "user_id", "created_at"),
)
message = Table(
    "message", metadata, _key(), Column("user_id", String(64), ForeignKey("user.id", ondelete="CASCADE"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("content", Text, nullable=False),
    Column("created_at", Timestamp, nullable=False, default=now),
    Index("message_of_user", "user_id", "created_at"),
)


def _engine():
    url = make_url(settings.database_url)
    if url.drivername.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": 5})

        @event.listens_for(engine, "connect")
        def _pragmas(connection, _record):
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA foreign_keys=ON")

        return engine
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_timeout=5,
        pool_recycle=300,
        connect_args={
            "connect_timeout": 5,
            "client_encoding": "utf8",
            # A connection whose peer is gone without a word fails after 5 s, not after minutes.
            "tcp_user_timeout": 5000,
            "keepalives_idle": 10,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            # Poolers such as Neon's give each transaction another connection.
            "prepare_threshold": None,
        },
    )


engine = _engine()


class Health:
    """Makes the tables as soon as the database answers, and tells whether it does."""

    def __init__(self):
        self.error = "the tables have not been made yet"
        self.migrated = threading.Event()
        self._stop = threading.Event()
        # One thread: probes of a database that hangs must not pile up.
        self._prober = ThreadPoolExecutor(1, "database-probe")

    def start(self) -> None:
        threading.Thread(target=self._migrate, name="migrate", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()
        self._prober.shutdown(wait=False, cancel_futures=True)

    def _migrate(self) -> None:
        while not self._stop.is_set():
            try:
                with engine.begin() as connection:
                    if engine.dialect.name == "postgresql":
                        # Replicas start together; CREATE TABLE IF NOT EXISTS may still collide.
                        connection.execute(text("SELECT pg_advisory_xact_lock(20260101)"))
                    metadata.create_all(connection)
            except Exception as error:
                self._failed(error)
                self._stop.wait(2)
            else:
                self.migrated.set()
                self._works()
                return

    def _failed(self, error: Exception) -> None:
        cause = str(getattr(error, "orig", None) or error or type(error).__name__).strip().splitlines()
        self.error = cause[0] if cause else type(error).__name__
        log.error("the database cannot be used: %s", self.error, extra={"fields": {"host": engine.url.host}})

    def _works(self) -> None:
        if self.error:
            log.info("the database answers", extra={"fields": {"host": engine.url.host}})
        self.error = ""

    @staticmethod
    def _ping() -> None:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    async def check(self) -> str:
        """Return what is wrong with the database, or ''."""
        if not self.migrated.is_set():
            return self.error
        try:
            probe = asyncio.get_running_loop().run_in_executor(self._prober, self._ping)
            await asyncio.wait_for(probe, READY_SECONDS)
        except Exception as error:
            self._failed(TimeoutError(f"no answer in {READY_SECONDS} s") if isinstance(error, TimeoutError) else error)
        else:
            self._works()
        return self.error


health = Health()
