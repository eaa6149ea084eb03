"""Looking for mail by its age and its recipient, and forgetting what refused mail says

Revision: 0011
After: 0010
"""

import sqlalchemy as sa
from alembic import op


revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

REFUSED = sa.text('failed_at IS NOT NULL AND sealed IS NOT NULL')


def upgrade() -> None:
    """Go to this revision."""
    if op.get_bind().dialect.name == 'postgresql':
        op.alter_column('outgoing_mails', 'recipient_key', type_=sa.String(320, collation='C'))
    op.create_index('ix_outgoing_mails_by_age', 'outgoing_mails', ['created_at', 'id'], unique=False)
    op.create_index('ix_outgoing_mails_refused', 'outgoing_mails', ['expires_at'], unique=False, sqlite_where=REFUSED, postgresql_where=REFUSED)


def downgrade() -> None:
    """Go back to the one before; what refused mail says is forgotten, as it was there."""
    op.execute('UPDATE outgoing_mails SET sealed = NULL WHERE failed_at IS NOT NULL')
    op.drop_index('ix_outgoing_mails_refused', table_name='outgoing_mails')
    op.drop_index('ix_outgoing_mails_by_age', table_name='outgoing_mails')
    if op.get_bind().dialect.name == 'postgresql':
        op.alter_column('outgoing_mails', 'recipient_key', type_=sa.String(320, collation='default'))
