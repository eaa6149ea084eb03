"""How many tries a lock turned away

Revision: 0015
After: 0014
"""

import sqlalchemy as sa
from alembic import op


revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.add_column('failed_sign_ins', sa.Column('turned_away', sa.Integer(), server_default=sa.text('0'), nullable=False))


def downgrade() -> None:
    """Go back to the one before."""
    op.drop_column('failed_sign_ins', 'turned_away')
