"""The roles, in words for people."""

from flask_babel import lazy_gettext as _l

from app.models import Role

NAMES = {
    Role.SUPERUSER: _l("Superuser"),
    Role.ACCOUNT_ADMIN: _l("Account administrator"),
    Role.TEACHER: _l("Teacher"),
    Role.STUDENT: _l("Student"),
}
MEANINGS = {
    Role.SUPERUSER: _l("You look after the whole portal: every organisation and every account."),
    Role.ACCOUNT_ADMIN: _l(
        "You look after this organisation's people and settings: who belongs to it, as what, "
        "and how they sign in."
    ),
    Role.TEACHER: _l("You teach at this organisation. Its services know you as a teacher."),
    Role.STUDENT: _l("You learn at this organisation. Its services know you as a student."),
}


def name(role: Role) -> str:
    """Return what a role is called."""
    return str(NAMES[role])


def meaning(role: Role) -> str:
    """Return what somebody in this role is there for."""
    return str(MEANINGS[role])
