"""Searching accounts by their names

Revision: 0006
After: 0005
"""

import unicodedata

import sqlalchemy as sa
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

BATCH = 1000
KEYS = {'email_key': 320, 'username_key': 64}
SUSPENDED = sa.text('suspended_at IS NOT NULL')
NOT_ACTIVATED = sa.text('activated_at IS NULL')
LOCKED = sa.text('locked_until IS NOT NULL')


def key_text(length):
    return sa.String(length).with_variant(sa.String(length, collation='C'), 'postgresql')


def upgrade() -> None:
    """Go to this revision."""
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.add_column(sa.Column('name_key', key_text(200), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('last_name_key', key_text(200), nullable=False, server_default=''))
    if op.get_bind().dialect.name == 'postgresql':
        for column, length in KEYS.items():
            op.alter_column('accounts', column, type_=sa.String(length, collation='C'))
    _fill()
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.alter_column('name_key', existing_type=key_text(200), existing_nullable=False, server_default=None)
        batch_op.alter_column('last_name_key', existing_type=key_text(200), existing_nullable=False, server_default=None)
        batch_op.create_index('ix_accounts_by_age', ['created_at', 'id'], unique=False)
        batch_op.create_index('ix_accounts_by_last_name', ['last_name_key', 'id'], unique=False)
        batch_op.create_index('ix_accounts_by_name', ['name_key', 'id'], unique=False)
        batch_op.create_index('ix_accounts_not_activated', ['name_key', 'id'], unique=False, sqlite_where=NOT_ACTIVATED, postgresql_where=NOT_ACTIVATED)
        batch_op.create_index('ix_accounts_suspended', ['name_key', 'id'], unique=False, sqlite_where=SUSPENDED, postgresql_where=SUSPENDED)

    with op.batch_alter_table('failed_sign_ins', schema=None) as batch_op:
        batch_op.create_index('ix_failed_sign_ins_locked', ['counted', 'subject'], unique=False, sqlite_where=LOCKED, postgresql_where=LOCKED)

    with op.batch_alter_table('memberships', schema=None) as batch_op:
        batch_op.create_index('ix_memberships_by_role', ['role', 'organisation_id', 'account_id'], unique=False)


def downgrade() -> None:
    """Go back to the one before."""
    with op.batch_alter_table('memberships', schema=None) as batch_op:
        batch_op.drop_index('ix_memberships_by_role')

    with op.batch_alter_table('failed_sign_ins', schema=None) as batch_op:
        batch_op.drop_index('ix_failed_sign_ins_locked', sqlite_where=LOCKED, postgresql_where=LOCKED)

    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.drop_index('ix_accounts_suspended', sqlite_where=SUSPENDED, postgresql_where=SUSPENDED)
        batch_op.drop_index('ix_accounts_not_activated', sqlite_where=NOT_ACTIVATED, postgresql_where=NOT_ACTIVATED)
        batch_op.drop_index('ix_accounts_by_name')
        batch_op.drop_index('ix_accounts_by_last_name')
        batch_op.drop_index('ix_accounts_by_age')
        batch_op.drop_column('last_name_key')
        batch_op.drop_column('name_key')
    if op.get_bind().dialect.name == 'postgresql':
        for column, length in KEYS.items():
            op.execute(f'ALTER TABLE accounts ALTER COLUMN {column} TYPE varchar({length}) COLLATE "default"')


def _fill() -> None:
    """Give each account the keys of its name, as the portal makes them on this revision's day."""
    accounts = sa.table('accounts', sa.column('id', sa.Uuid()), sa.column('name'), sa.column('name_key'), sa.column('last_name_key'))
    bind, last = op.get_bind(), None
    change = accounts.update().where(accounts.c.id == sa.bindparam('which'))
    change = change.values(name_key=sa.bindparam('by_name'), last_name_key=sa.bindparam('by_last_name'))
    while True:
        some = sa.select(accounts.c.id, accounts.c.name).order_by(accounts.c.id).limit(BATCH)
        rows = bind.execute(some if last is None else some.where(accounts.c.id > last)).all()
        if not rows:
            return
        bind.execute(change, [{'which': which, **_keys(name)} for which, name in rows])
        last = rows[-1][0]


def _keys(name):
    words = _folded(name).split() or ['']
    return {'by_name': ' '.join(words)[:200], 'by_last_name': ' '.join([words[-1], *words[:-1]])[:200]}


def _folded(text):
    once = unicodedata.normalize('NFKC', unicodedata.normalize('NFD', text).casefold())
    return unicodedata.normalize('NFKC', once.casefold())
