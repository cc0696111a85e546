"""Opening, migrating, transactions, and what a database's failures look like from outside."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import toolkit.store
from toolkit.config import Config
from toolkit.errors import ConfigError, StoreBusy, StoreError, StoreTooNew
from toolkit.store import schema as s
from toolkit.store import store as store_module
from toolkit.store.store import SCHEMA_VERSION, Store
from toolkit.workspace import Workspace

SECRET = "gEhEim-9f3"


def everything_said(error: BaseException) -> str:
    """An error as a log, a notebook's traceback and the command line show it."""
    return "".join(traceback.format_exception(error)) + repr(error) + str(vars(error))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program in the middle of a write."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_migrations_make_the_schema(store: Store) -> None:
    """A migrated database has exactly the tables, columns, keys and indexes of ``schema.py``."""
    with store.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, s.metadata) == []


def test_the_comparison_would_notice(store: Store) -> None:
    """A column missing in the database is a difference."""
    with store.write() as connection:
        connection.execute(sa.text("ALTER TABLE accounts DROP COLUMN provider"))
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), s.metadata)


def test_foreign_keys_and_names_are_those_of_the_schema(store: Store) -> None:
    """Constraints too, which the comparison above does not name on SQLite: names and cascades."""
    found = sa.inspect(store.engine)
    for table in s.metadata.sorted_tables:
        wanted = {
            (key.name, key.elements[0].column.table.name, key.ondelete)
            for key in table.foreign_key_constraints
        }
        given = {
            (key["name"], key["referred_table"], key["options"].get("ondelete"))
            for key in found.get_foreign_keys(table.name)
        }
        assert given == wanted, table.name
        assert found.get_pk_constraint(table.name)["name"] == f"pk_{table.name}"


def test_the_version_is_the_newest_migration() -> None:
    """``SCHEMA_VERSION`` names the head of the only line of migrations."""
    folder = Path(toolkit.store.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_heads() == [SCHEMA_VERSION]


def test_no_column_could_hold_a_secret() -> None:
    """The schema has no place for a password, token or key: the vault keeps them."""
    words = ("pass", "secret", "token", "credential", "key")
    columns = [f"{table}.{c.name}" for table, t in s.metadata.tables.items() for c in t.columns]
    assert [name for name in columns if any(word in name.split(".")[1] for word in words)] == []


def test_opening_again_changes_nothing(store: Store, url: str, tmp_path: Path) -> None:
    """A database of today's version is opened without a migration, rows untouched."""
    with store.write() as connection:
        connection.execute(s.users.insert().values(name="anna", role="user"))
    with closing(Store.open(url, lock_folder=tmp_path)) as again, again.read() as connection:
        assert connection.execute(sa.select(s.users)).all() == [("anna", "user")]


def test_a_newer_database_is_refused(store: Store, url: str, tmp_path: Path) -> None:
    """A schema this version does not know is left alone, and the error says so."""
    with store.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreTooNew, match="9999") as caught:
        Store.open(url, lock_folder=tmp_path)
    assert caught.value.hint is not None
    with store.read() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "9999"


def test_a_write_that_fails_leaves_nothing(store: Store) -> None:
    """Whatever was written before an error in the block is undone."""

    def write() -> None:
        with store.write() as connection:
            connection.execute(s.users.insert().values(name="anna", role="user"))
            raise RuntimeError("halb")

    with pytest.raises(RuntimeError, match="halb"):
        write()
    with store.read() as connection:
        assert connection.execute(sa.select(s.users)).all() == []


def test_a_constraint_undoes_the_whole_block(store: Store) -> None:
    """A row that breaks a rule is a StoreError, and its neighbours go with it."""

    def write() -> None:
        with store.write() as connection:
            connection.execute(s.users.insert().values(name="anna", role="user"))
            connection.execute(s.viewers.insert().values(account_id="none", user_name="anna"))

    with pytest.raises(StoreError):
        write()
    with store.read() as connection:
        assert connection.execute(sa.select(s.users)).all() == []


def test_a_failed_migration_leaves_nothing(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration that breaks half-way leaves an empty database, and the next start succeeds."""
    with closing(sqlite3.connect(tmp_path / "toolkit.db")) as stranger:
        stranger.execute("CREATE TABLE sync_runs (id INTEGER)")  # the last table to be created
    with pytest.raises(StoreError, match="sync_runs"):
        Store.open(url, lock_folder=tmp_path)
    with closing(sqlite3.connect(tmp_path / "toolkit.db")) as stranger:
        left = stranger.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        assert left == [("sync_runs",)]
        stranger.execute("DROP TABLE sync_runs")
    Store.open(url, lock_folder=tmp_path).close()


def test_a_reader_sees_one_state(store: Store) -> None:
    """What another connection commits meanwhile appears to the next transaction, not to this."""
    with store.read() as reading:
        assert reading.execute(sa.select(s.users)).all() == []
        with store.write() as writing:
            writing.execute(s.users.insert().values(name="anna", role="user"))
        assert reading.execute(sa.select(s.users)).all() == []
    with store.read() as reading:
        assert len(reading.execute(sa.select(s.users)).all()) == 1


@pytest.mark.slow
def test_many_processes_may_open_a_new_database_at_once(url: str, tmp_path: Path) -> None:
    """One migrates, the others wait; all of them write, and nothing is lost."""
    code = (
        "import sys; from pathlib import Path\n"
        "from toolkit.store import schema as s; from toolkit.store.store import Store\n"
        "print('ready', flush=True); sys.stdin.read(1)\n"
        "store = Store.open(sys.argv[1], lock_folder=Path(sys.argv[2]))\n"
        "with store.write() as c: c.execute(s.users.insert().values(name=sys.argv[3], role='user'))\n"
        "store.close()\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, url, str(tmp_path), f"user{number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()  # imported; all start at once now
    outcomes = [process.communicate(b"\n", timeout=60) for process in started]
    assert [errors.decode() for _, errors in outcomes] == [""] * len(started)
    with closing(Store.open(url, lock_folder=tmp_path)) as store, store.read() as connection:
        assert len(connection.execute(sa.select(s.users)).all()) == len(started)


def test_a_locked_database_is_busy(
    store: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program's transaction is waited for, then named as the reason."""
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.1)
    with closing(Store.open(url, lock_folder=tmp_path)) as impatient:
        with locked(tmp_path / "toolkit.db"):
            with pytest.raises(StoreBusy) as caught, impatient.write():
                raise AssertionError("the block must not begin")
            assert caught.value.hint is not None
        with impatient.write():
            pass


def test_a_new_database_locked_by_others_is_busy(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even the very first look at a database ends in StoreBusy."""
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.1)
    with locked(tmp_path / "toolkit.db"), pytest.raises(StoreBusy):
        Store.open(url, lock_folder=tmp_path)


def test_a_migration_by_others_is_waited_for_but_not_for_ever(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that hangs while it migrates does not make all others hang."""
    from filelock import FileLock

    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.1)
    with FileLock(tmp_path / "migrate.lock"), pytest.raises(StoreBusy):
        Store.open(url, lock_folder=tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://kanzlei:{SECRET}@127.0.0.1:9/akten",  # nothing listens there
        f"postgresql+psycopg://kanzlei:{SECRET}@127.0.0.1:kein-port/akten",
        f"kanzlei:{SECRET}@nirgends",
        f"nosuchdatabase://kanzlei:{SECRET}@host/akten",
        f"postgresql+nosuchdriver://kanzlei:{SECRET}@host/akten",
        f"postgresql+psycopg://kanzlei:{SECRET}@127.0.0.1:9/akten?nosuch=option",
        "",
    ],
)
def test_a_database_url_is_never_repeated(url: str, tmp_path: Path) -> None:
    """No message, hint, evidence or traceback repeats a URL that may hold a password."""
    with pytest.raises(StoreError) as caught:
        Store.open(url, lock_folder=tmp_path)
    assert SECRET not in everything_said(caught.value)


def test_values_stay_out_of_errors(store: Store) -> None:
    """What was to be written is not repeated when writing it fails."""
    twice = [{"name": SECRET, "role": "user"}] * 2
    with pytest.raises(StoreError) as caught, store.write() as connection:
        connection.execute(s.users.insert(), twice)
    assert SECRET not in everything_said(caught.value)


def test_nothing_shows_the_database_password(tmp_path: Path) -> None:
    """The representations of configuration, store and engine hide a URL's password."""
    url = f"postgresql+psycopg://kanzlei:{SECRET}@127.0.0.1:9/akten"
    config = Config.from_environment({"TOOLKIT_HOME": str(tmp_path), "TOOLKIT_DATABASE_URL": url})
    store = Store(sa.create_engine(url))
    shown = f"{config!r} {config} {store!r} {store.engine!r} {Workspace(config, store)!r}"
    assert SECRET not in shown


def test_a_missing_folder_is_a_store_error(tmp_path: Path) -> None:
    """A database in a folder that does not exist cannot be opened, and the error is typed."""
    with pytest.raises(StoreError):
        Store.open(f"sqlite:///{tmp_path / 'no' / 'x.db'}", lock_folder=tmp_path)


def test_a_file_that_is_no_database_is_a_store_error(url: str, tmp_path: Path) -> None:
    """A stray file in the database's place is not overwritten."""
    (tmp_path / "toolkit.db").write_bytes(b"Guten Tag, ich bin ein Brief." * 100)
    with pytest.raises(StoreError):
        Store.open(url, lock_folder=tmp_path)
    assert (tmp_path / "toolkit.db").read_bytes().startswith(b"Guten Tag")


def test_a_full_disk_leaves_nothing(store: Store) -> None:
    """A disk that fills up in mid-write is a StoreError; what was there before is still there."""
    with store.write() as connection:
        connection.execute(s.users.insert().values(name="anna", role="user"))

    def write() -> None:
        with store.write() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
            connection.execute(
                s.contents.insert().values(sha256=bytes(32), size=1 << 20, raw=bytes(1 << 20))
            )

    with pytest.raises(StoreError, match="full"):
        write()
    with store.read() as connection:
        assert connection.execute(sa.select(s.contents)).all() == []
        assert len(connection.execute(sa.select(s.users)).all()) == 1


def test_a_read_only_database_can_be_read(store: Store, tmp_path: Path) -> None:
    """On a read-only medium reading works and writing is a StoreError."""
    read_only = f"sqlite:///file:{tmp_path / 'toolkit.db'}?mode=ro&uri=true"
    with closing(Store.open(read_only, lock_folder=tmp_path)) as frozen:
        with frozen.read() as connection:
            assert connection.execute(sa.select(s.users)).all() == []
        with pytest.raises(StoreError), frozen.write() as connection:
            connection.execute(s.users.insert().values(name="anna", role="user"))


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder in which the child process below may not write."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        yield Path(name)
        Path(name).chmod(0o700)


def test_a_folder_without_write_permission_is_typed(closed_folder: Path) -> None:
    """Neither a new database nor a new home in a read-only folder ends in a bare OSError."""
    code = (
        "import os, sys; from pathlib import Path\n"
        "from toolkit.config import Config; from toolkit.errors import ToolkitError\n"
        "from toolkit.store.store import Store; from toolkit.workspace import Workspace\n"
        "import alembic.command, filelock, platformdirs\n"
        "here = Path(sys.argv[1])\n"
        "if os.geteuid() == 0: os.seteuid(65534)\n"  # root may write anywhere
        "tries = [lambda: Store.open(f'sqlite:///{here}/x.db', lock_folder=here),\n"
        "         lambda: Store.open('sqlite://', lock_folder=here),\n"
        "         lambda: Workspace.open(Config.from_environment({'TOOLKIT_HOME': f'{here}/new'}))]\n"
        "for attempt in tries:\n"
        "    try: attempt()\n"
        "    except ToolkitError as error: print(error.code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(closed_folder)],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert (done.stdout.split(), done.stderr) == (["store", "store", "config"], "")


def test_a_home_that_is_a_file_is_a_config_error(tmp_path: Path) -> None:
    """TOOLKIT_HOME below a file is named as the culprit."""
    (tmp_path / "file").touch()
    config = Config.from_environment({"TOOLKIT_HOME": str(tmp_path / "file" / "home")})
    with pytest.raises(ConfigError) as caught:
        Workspace.open(config)
    assert caught.value.field == "TOOLKIT_HOME"
