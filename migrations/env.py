"""Running migrations, for `flask db …`, against the portal's own engine."""

from alembic import context
from flask import current_app
from sqlalchemy import Enum

from app import models  # noqa: F401 (fills Base.metadata)
from app.db import Base, UtcDateTime
from app.models.organisation import Validated

engine = current_app.extensions["migrate"].db.engine
configure = current_app.extensions["migrate"].configure_args


def plainly(kind: str, item: object, _autogen: object) -> str | bool:
    """Write column types into a migration as what the database sees, not as our classes."""
    if kind != "type":
        return False
    match item:
        case UtcDateTime():
            return "sa.DateTime(timezone=True)"
        case Validated():
            return "sa.JSON()"
        case Enum():
            return f"sa.String({item.length})"
    return False


def run() -> None:
    """Migrate in one transaction where the database can, in short steps where it cannot."""
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=plainly,
            **configure,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


if context.is_offline_mode():
    raise SystemExit("Migrations need a database: run them online.")
run()
