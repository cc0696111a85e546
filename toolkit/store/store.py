"""Open the database, bring its schema up to date, and hand out transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from toolkit.errors import StoreBusy, StoreError, StoreTooNew
from toolkit.language import Text

__all__ = ["SCHEMA_VERSION", "Store"]

#: The newest migration; a test compares it with the folder of migrations.
SCHEMA_VERSION = "0001"

#: How long a writer waits for another process, in seconds.
BUSY_SECONDS = 30


class Store:
    """The database of one office.

    ``with store.read() as connection`` sees one consistent state; ``with store.write() as
    connection`` commits at the end of the block or leaves nothing behind.

    Raises:
        StoreBusy: another process holds the database for longer than half a minute.
        StoreError: the database cannot be opened, read or written (disk full, no permission, …).
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str, *, lock_folder: Path) -> Store:
        """Open the database at an SQLAlchemy URL and migrate it to the newest schema.

        Raises:
            StoreTooNew: a newer version of the toolkit wrote it.
            StoreError: it cannot be opened.
        """
        try:
            engine = _engine(url)
        except (SQLAlchemyError, ImportError, ValueError) as exc:
            raise StoreError(
                Text(
                    "Die Adresse der Datenbank ist unbrauchbar.", "The database URL cannot be used."
                ),
                field="TOOLKIT_DATABASE_URL",
                hint=Text(
                    "Beispiele: sqlite:////pfad/toolkit.db, postgresql+psycopg://host/datenbank.",
                    "Examples: sqlite:////path/toolkit.db, postgresql+psycopg://host/database.",
                ),
            ) from exc
        store = cls(engine)
        try:
            store._migrate(lock_folder)
        except BaseException:
            engine.dispose()
            raise
        return store

    @property
    def engine(self) -> sa.Engine:
        """The SQLAlchemy engine, for tests and migrations."""
        return self._engine

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that only reads."""
        with _typed(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that commits as a whole or not at all."""
        writer = self._engine.execution_options(writes=True)
        with _typed(), writer.connect() as connection, connection.begin():
            yield connection

    def _migrate(self, lock_folder: Path) -> None:
        if self._version() == SCHEMA_VERSION:
            return
        # Two processes may open a new database at once; one migrates, the other waits.
        with _migrating(lock_folder):
            version = self._version()
            if version == SCHEMA_VERSION:
                return
            from alembic import command
            from alembic.config import Config as AlembicConfig
            from alembic.script import ScriptDirectory

            config = AlembicConfig()
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
            known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
            if version is not None and version not in known:
                raise StoreTooNew(
                    Text(
                        f"Die Datenbank stammt von einer neueren Version (Schema {version}).",
                        f"The database was written by a newer version (schema {version}).",
                    ),
                    hint=Text("Das Toolkit aktualisieren.", "Update the toolkit."),
                )
            with self.write() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")

    def _version(self) -> str | None:
        with self.read() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
            return None if found is None else str(found)


def _engine(url: str) -> sa.Engine:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, pool_pre_ping=True, hide_parameters=True)
    engine = sa.create_engine(parsed, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def _prepare(dbapi_connection: Any, _record: object) -> None:
        # The driver's own transaction handling starts them late; we say BEGIN ourselves.
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A writer takes the write lock at once: upgrading a read lock later could fail half-way.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def _typed() -> Iterator[None]:
    try:
        yield
    except OperationalError as exc:
        if "database is locked" in str(exc.orig):
            raise _busy(str(exc.orig)) from exc
        raise _store_error(exc) from exc
    except DBAPIError as exc:
        raise _store_error(exc) from exc


@contextmanager
def _migrating(folder: Path) -> Iterator[None]:
    """Hold the lock under which the schema is changed."""
    lock = FileLock(folder / "migrate.lock", timeout=BUSY_SECONDS)
    try:
        lock.acquire()
    except Timeout as exc:
        raise _busy("migrate.lock") from exc
    except OSError as exc:
        raise StoreError(
            Text(
                f"In den Ordner {folder} lässt sich nichts schreiben.",
                f"The folder {folder} cannot be written to.",
            ),
            field="TOOLKIT_HOME",
            hint=Text(
                "Ist der Datenträger voll oder schreibgeschützt?", "Is the disk full or read-only?"
            ),
            evidence=str(exc),
        ) from exc
    try:
        yield
    finally:
        lock.release()


def _busy(evidence: str) -> StoreBusy:
    return StoreBusy(
        Text(
            "Die Datenbank wird gerade von einem anderen Programm benutzt.",
            "Another program is using the database.",
        ),
        hint=Text("In einer Minute noch einmal versuchen.", "Try again in a minute."),
        evidence=evidence,
    )


def _store_error(exc: DBAPIError) -> StoreError:
    return StoreError(
        Text(
            f"Die Datenbank meldet einen Fehler: {exc.orig}",
            f"The database reports an error: {exc.orig}",
        ),
        hint=Text(
            "Ist der Datenträger voll oder schreibgeschützt? Nichts wurde halb gespeichert.",
            "Is the disk full or read-only? Nothing was saved half-way.",
        ),
        evidence=str(exc.orig),
    )
