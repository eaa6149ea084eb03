"""Chain the audit log

Revision: 0004
After: 0003

Events that are there are chained in the order of their ids, as if they had been written so: from
position 1 on, after a first hash of 64 zeros. `id` gives way to `position`.
"""

import hashlib
import json
from datetime import UTC

import sqlalchemy as sa
from alembic import op

from app import config
from app.security.tokens import keyed_digest


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

BATCH = 1_000
GENESIS = '0' * 64
BY = {'account_id': False, 'by_account_id': False, 'organisation_id': False, 'what': True, 'interface': True, 'address': True}


def upgrade() -> None:
    """Go to this revision."""
    _take_your_time()
    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_events_of_account')
        batch_op.drop_index(batch_op.f('ix_audit_events_at'))
    _set_aside('audit_events', 'unchained_audit_events')
    op.create_table('audit_events',
    sa.Column('position', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    *_event_columns(),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_audit_events'))
    )
    position, last = _chain()
    op.drop_table('unchained_audit_events')
    op.create_index('ix_audit_events_by_time', 'audit_events', ['at', 'position'])
    for column, everywhere in BY.items():
        named = None if everywhere else sa.text(f'{column} IS NOT NULL')
        op.create_index(f'ix_audit_events_by_{column}', 'audit_events', [column, 'at', 'position'], sqlite_where=named, postgresql_where=named)

    op.create_table('audit_checkpoints',
    sa.Column('position', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('signature', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_audit_checkpoints'))
    )
    op.create_table('audit_starts',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('position', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('moved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('signature', sa.String(length=64), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_audit_starts_only_one')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_starts'))
    )
    heads = op.create_table('audit_heads',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('position', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('checkpoint_position', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('checkpoint_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('signature', sa.String(length=64), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_audit_heads_only_one')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_heads'))
    )
    key = config.current().secret_keys[0]
    signature = keyed_digest(key, 'audit head', str(position), last, '0', '')
    head = {'id': 1, 'position': position, 'hash': last, 'checkpoint_position': 0, 'signature': signature}
    op.bulk_insert(heads, [head])


def downgrade() -> None:
    """Go back to the one before."""
    _take_your_time()
    op.drop_table('audit_heads')
    op.drop_table('audit_starts')
    op.drop_table('audit_checkpoints')
    for column in reversed(BY):
        op.drop_index(f'ix_audit_events_by_{column}', 'audit_events')
    op.drop_index('ix_audit_events_by_time', 'audit_events')
    _set_aside('audit_events', 'chained_audit_events')
    op.create_table('audit_events',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    *_event_columns(),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_events'))
    )
    names = ', '.join(column.name for column in _event_columns())
    op.execute(f'INSERT INTO audit_events (id, {names}) SELECT position, {names} FROM chained_audit_events')
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("SELECT setval(pg_get_serial_sequence('audit_events', 'id'), max(id)) FROM audit_events HAVING max(id) > 0")
    op.drop_table('chained_audit_events')
    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_events_at'), ['at'], unique=False)
        batch_op.create_index('ix_audit_events_of_account', ['account_id', 'id'], unique=False)


def _take_your_time() -> None:
    """Lift the time that the portal gives a statement: many events take longer."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('SET LOCAL statement_timeout = 0')


def _set_aside(table: str, name: str) -> None:
    """Rename a table, and the key whose name the one to come will have."""
    op.rename_table(table, name)
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(f'ALTER TABLE {name} RENAME CONSTRAINT pk_{table} TO pk_{name}')


def _event_columns() -> list[sa.Column]:
    return [
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('what', sa.String(length=60), nullable=False),
        sa.Column('account_id', sa.Uuid(), nullable=True),
        sa.Column('by_account_id', sa.Uuid(), nullable=True),
        sa.Column('organisation_id', sa.Uuid(), nullable=True),
        sa.Column('interface', sa.String(30), nullable=False),
        sa.Column('address', sa.String(length=64), nullable=False),
        sa.Column('details', sa.JSON(), nullable=False),
    ]


def _plain_columns() -> list[sa.ColumnClause]:
    return [sa.column(column.name, column.type) for column in _event_columns()]


def _chain() -> tuple[int, str]:
    """Copy the events in the order of their ids, chained; return the last one's position and hash."""
    connection = op.get_bind()
    unchained = sa.table('unchained_audit_events', sa.column('id', sa.BigInteger()), *_plain_columns())
    chained = sa.table('audit_events', sa.column('position', sa.BigInteger()), *_plain_columns(), sa.column('hash', sa.String()))
    after, position, last = None, 0, GENESIS
    while True:
        following = sa.true() if after is None else unchained.c.id > after
        rows = connection.execute(sa.select(unchained).where(following).order_by(unchained.c.id).limit(BATCH)).mappings().all()
        if not rows:
            return position, last
        values = []
        for row in rows:
            position += 1
            value = {name: row[name] for name in row if name != 'id'} | {'position': position}
            last = value['hash'] = _hash_after(last, value)
            values.append(value)
        connection.execute(sa.insert(chained), values)
        after = rows[-1]['id']


def _hash_after(previous: str, event: dict) -> str:
    """As app.models.audit_event.hash_after does: written out, so that this file stays as it is."""
    at = event['at'] if event['at'].tzinfo else event['at'].replace(tzinfo=UTC)
    ids = {name: event[name] and str(event[name]) for name in ('account_id', 'by_account_id', 'organisation_id')}
    fields = event | ids | {'at': at.astimezone(UTC).isoformat(timespec='microseconds'), 'previous': previous}
    encoded = json.dumps(fields, ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(',', ':'))
    return hashlib.sha256(encoded.encode('ascii')).hexdigest()
