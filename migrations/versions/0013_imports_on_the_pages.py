"""Imports on the pages

Revision: 0013
After: 0012
"""

import sqlalchemy as sa
from alembic import op


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table('import_chunks',
    sa.Column('import_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('sealed', sa.Text(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name=op.f('fk_import_chunks_import_id_imports'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('import_id', 'number', name=op.f('pk_import_chunks'))
    )
    with op.batch_alter_table('import_chunks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_chunks_expires_at'), ['expires_at'], unique=False)

    with op.batch_alter_table('imports', schema=None) as batch_op:
        batch_op.add_column(sa.Column('undone_by_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('organisation_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('address', sa.String(length=64), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('stage', sa.String(30), nullable=True))
        batch_op.add_column(sa.Column('stage_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('size', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('failures', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('problem', sa.String(length=30), nullable=True))
    with op.batch_alter_table('imports', schema=None) as batch_op:
        for column, kind in (('address', sa.String(length=64)), ('size', sa.Integer()), ('failures', sa.Integer())):
            batch_op.alter_column(column, existing_type=kind, existing_nullable=False, server_default=None)
        batch_op.drop_index(batch_op.f('ix_imports_started_at'))
        batch_op.create_index('ix_imports_by_age', ['started_at', 'id'], unique=False)
        batch_op.create_index('ix_imports_by_place', ['organisation_id', 'started_at', 'id'], unique=False)
        batch_op.create_index('ix_imports_stage', ['stage', 'leased_until'], unique=False)

    with op.batch_alter_table('import_rows', schema=None) as batch_op:
        batch_op.add_column(sa.Column('invitation_id', sa.Uuid(), nullable=True))

    with op.batch_alter_table('invitations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('password_hash', sa.String(), nullable=True))


def downgrade() -> None:
    """Go back to the one before."""
    with op.batch_alter_table('invitations', schema=None) as batch_op:
        batch_op.drop_column('password_hash')

    with op.batch_alter_table('import_rows', schema=None) as batch_op:
        batch_op.drop_column('invitation_id')

    with op.batch_alter_table('imports', schema=None) as batch_op:
        batch_op.drop_index('ix_imports_stage')
        batch_op.drop_index('ix_imports_by_place')
        batch_op.drop_index('ix_imports_by_age')
        batch_op.create_index(batch_op.f('ix_imports_started_at'), ['started_at'], unique=False)
        for column in ('problem', 'failures', 'leased_until', 'size', 'stage_at', 'stage', 'address', 'organisation_id', 'undone_by_id'):
            batch_op.drop_column(column)

    op.drop_table('import_chunks')
