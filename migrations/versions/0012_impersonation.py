"""Impersonation

Revision: 0012
After: 0011
"""

import sqlalchemy as sa
from alembic import op


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table('impersonations',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('administrator_id', sa.Uuid(), nullable=True),
    sa.Column('administrator_session_id', sa.Uuid(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=True),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_impersonations_account_id_accounts'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['administrator_id'], ['accounts.id'], name=op.f('fk_impersonations_administrator_id_accounts'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_impersonations_organisation_id_organisations'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_impersonations'))
    )
    with op.batch_alter_table('impersonations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_impersonations_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_impersonations_administrator_id'), ['administrator_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_impersonations_ended_at'), ['ended_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_impersonations_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index('uq_impersonations_under_way', ['administrator_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    with op.batch_alter_table('sessions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('impersonation_id', sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_sessions_impersonation_id_impersonations'), 'impersonations', ['impersonation_id'], ['id'], ondelete='CASCADE')
        batch_op.create_unique_constraint(batch_op.f('uq_sessions_impersonation_id'), ['impersonation_id'])
        batch_op.create_check_constraint(batch_op.f('ck_sessions_impersonation_proves_nothing'), 'impersonation_id IS NULL OR (account_proved_at IS NULL AND factor_proved_at IS NULL AND remembered_device_id IS NULL)')


def downgrade() -> None:
    """Go back to the one before."""
    # The one before would take these for the person's own sessions.
    op.execute('DELETE FROM seats WHERE session_id IN (SELECT id FROM sessions WHERE impersonation_id IS NOT NULL)')
    op.execute('DELETE FROM sessions WHERE impersonation_id IS NOT NULL')
    with op.batch_alter_table('sessions', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_sessions_impersonation_proves_nothing'), type_='check')
        batch_op.drop_constraint(batch_op.f('uq_sessions_impersonation_id'), type_='unique')
        batch_op.drop_constraint(batch_op.f('fk_sessions_impersonation_id_impersonations'), type_='foreignkey')
        batch_op.drop_column('impersonation_id')
    op.drop_table('impersonations')
