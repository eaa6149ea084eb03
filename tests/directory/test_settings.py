"""What the directory's settings may be: a mistake is told at the start, not at a sign-in."""

import json
import uuid

import pytest
from pydantic import ValidationError

from app.config.directory import Directory

GOOD = {"url": "ldaps://directory.example.org", "base_dn": "dc=example,dc=org"}
PLACE = [str(uuid.UUID(int=1)), "Teacher"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("base_dn", "example.org", "must be a DN"),
        ("nested_groups_dn", "groups", "must be a DN"),
        ("user_filter", "((uid={identity})", "must be a filter"),
        ("user_filter", "(uid={identity})(mail=*)", "must be a filter"),
        ("user_filter", "({identity})", "must be a filter"),
        ("user_filter", "(uid:caseExactMatch:={identity})", "plain ="),
        ("user_filter", "(|(uid={identity})(cn~={identity}))", "plain ="),
        ("group_filter", "(|(member={dn})", "must be a filter"),
        ("group_filter", "(member=dn)", "must be a filter"),
        ("groups", json.dumps({"teachers": PLACE}), "a group's DN"),
        ("groups", json.dumps({"cn=a,dc=b": [PLACE[0], "Superuser"]}), "a group's DN"),
    ],
)
def test_what_no_directory_understands_is_refused(name: str, value: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Directory.model_validate(GOOD | {name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_dn", "ou=M\\c3\\bcnchen\\, Nord,o=Stadt"),
        (
            "user_filter",
            "(&(|(sAMAccountName={identity})(mail={identity}))(!(userAccountControl:1.2.3.4:=2)))",
        ),
        ("group_filter", "(member:1.2.840.113556.1.4.1941:={dn})"),
        ("groups", json.dumps({"CN=Lehrer (alle),OU=Gruppen,DC=schule": PLACE})),
        ("nested_groups_dn", ""),
    ],
)
def test_what_directories_have_is_taken(name: str, value: str) -> None:
    assert Directory.model_validate(GOOD | {name: value})
