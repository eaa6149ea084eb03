"""Failures by their subject's bytes, whatever the database sorts by; invitations by address

Revision: 0014
After: 0013
"""

import sqlalchemy as sa
from alembic import op


revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    if op.get_bind().dialect.name == 'postgresql':
        op.alter_column('failed_sign_ins', 'subject', type_=sa.String(200, collation='C'))
    op.create_index('ix_invitations_email_key', 'invitations', ['email_key'], unique=False)


def downgrade() -> None:
    """Go back to the one before."""
    op.drop_index('ix_invitations_email_key', table_name='invitations')
    if op.get_bind().dialect.name == 'postgresql':
        op.alter_column('failed_sign_ins', 'subject', type_=sa.String(200, collation='default'))
