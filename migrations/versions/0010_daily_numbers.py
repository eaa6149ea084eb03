"""Daily numbers for the dashboard

Revision: 0010
After: 0009
"""

import sqlalchemy as sa
from alembic import op


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
EVERYWHERE = sa.text('organisation_id IS NULL')
AT_ONE = sa.text('organisation_id IS NOT NULL')
WAITING = sa.text('sent_at IS NULL AND failed_at IS NULL')
FAILED = sa.text('failed_at IS NOT NULL')


def upgrade() -> None:
    """Go to this revision."""
    op.create_table('daily_counts',
    sa.Column('id', NUMBER, nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=True),
    sa.Column('what', sa.String(length=60), nullable=False),
    sa.Column('detail', sa.String(length=60), nullable=False),
    sa.Column('times', NUMBER, nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_daily_counts'))
    )
    with op.batch_alter_table('daily_counts', schema=None) as batch_op:
        batch_op.create_index('uq_daily_counts_everywhere', ['day', 'what', 'detail'], unique=True, sqlite_where=EVERYWHERE, postgresql_where=EVERYWHERE)
        batch_op.create_index('uq_daily_counts_at_one', ['organisation_id', 'day', 'what', 'detail'], unique=True, sqlite_where=AT_ONE, postgresql_where=AT_ONE)
        batch_op.create_index('ix_daily_counts_day', ['day'], unique=False)

    op.create_table('counted_up_to',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('position', NUMBER, nullable=False),
    sa.Column('looked_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_counted_up_to_only_one')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_counted_up_to'))
    )

    op.create_table('daily_factors',
    sa.Column('id', NUMBER, nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=True),
    sa.Column('passkey', sa.Integer(), nullable=False),
    sa.Column('app', sa.Integer(), nullable=False),
    sa.Column('pin', sa.Integer(), nullable=False),
    sa.Column('none', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_daily_factors'))
    )
    with op.batch_alter_table('daily_factors', schema=None) as batch_op:
        batch_op.create_index('uq_daily_factors_everywhere', ['day'], unique=True, sqlite_where=EVERYWHERE, postgresql_where=EVERYWHERE)
        batch_op.create_index('uq_daily_factors_at_one', ['organisation_id', 'day'], unique=True, sqlite_where=AT_ONE, postgresql_where=AT_ONE)
        batch_op.create_index('ix_daily_factors_day', ['day'], unique=False)

    op.create_table('request_counts',
    sa.Column('hour', sa.DateTime(timezone=True), nullable=False),
    sa.Column('what', sa.String(length=200), nullable=False),
    sa.Column('requests', sa.Integer(), nullable=False),
    sa.Column('failed', sa.Integer(), nullable=False),
    sa.Column('busy', sa.Integer(), nullable=False),
    sa.Column('limited', sa.Integer(), nullable=False),
    sa.Column('total_ms', sa.BigInteger(), nullable=False),
    sa.Column('slowest_ms', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('hour', 'what', name=op.f('pk_request_counts'))
    )

    with op.batch_alter_table('outgoing_mails', schema=None) as batch_op:
        batch_op.create_index('ix_outgoing_mails_oldest_waiting', ['created_at'], unique=False, sqlite_where=WAITING, postgresql_where=WAITING)
        batch_op.create_index('ix_outgoing_mails_failed', ['failed_at'], unique=False, sqlite_where=FAILED, postgresql_where=FAILED)


def downgrade() -> None:
    """Go back to the one before."""
    with op.batch_alter_table('outgoing_mails', schema=None) as batch_op:
        batch_op.drop_index('ix_outgoing_mails_failed', sqlite_where=FAILED, postgresql_where=FAILED)
        batch_op.drop_index('ix_outgoing_mails_oldest_waiting', sqlite_where=WAITING, postgresql_where=WAITING)
    op.drop_table('request_counts')
    op.drop_table('daily_factors')
    op.drop_table('counted_up_to')
    op.drop_table('daily_counts')
