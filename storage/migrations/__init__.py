"""How a database becomes one of today: its version, and Alembic's scripts in `versions` that lead to the newest.

What lives here: the only calls of Alembic. What must not: transactions (`database` opens them).

Alembic is imported where something is to be migrated, and not before: a start takes a tenth longer with it, and nearly
every start finds its database at the newest version.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

_HERE = Path(__file__).parent


def revisions() -> tuple[str, ...]:
    """Every version that the schema ever had, oldest first: the names of the scripts begin with them."""
    return tuple(sorted(script.name.partition("_")[0] for script in _HERE.glob("versions/[0-9]*_*.py")))


def revision_of(connection: Connection) -> str | None:
    """The version of a database; None: it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def upgrade(connection: Connection) -> None:
    """Bring the schema to the newest version, in the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
