import hashlib

import pytest

from app.security.hash_chain import GENESIS, canonical, link


def test_a_link_is_the_hash_of_the_record_and_of_the_one_before() -> None:
    written = b'{"a":"\\u00e9","b":[1,null],"previous":"' + GENESIS.encode() + b'"}'

    assert link(GENESIS, {"b": [1, None], "a": "é"}) == hashlib.sha256(written).hexdigest()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": "1"}, {"a": 1}),
        ({"a": None}, {"a": "null"}),
        ({"a": None}, {}),
        ({"a": "b", "c": "d"}, {"a": 'b","c":"d'}),
        ({"a": {"b": 1}}, {"a": '{"b":1}'}),
        ({"a": "é"}, {"a": "e\u0301"}),
        ({"a": True}, {"a": 1}),
    ],
)
def test_records_that_differ_are_written_differently(
    one: dict[str, object], other: dict[str, object]
) -> None:
    assert canonical(one) != canonical(other)
    assert link(GENESIS, one) != link(GENESIS, other)


def test_a_record_cannot_say_what_went_before_it() -> None:
    with pytest.raises(ValueError, match="previous"):
        link(GENESIS, {"previous": "1" * 64})


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_what_json_has_no_word_for_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical(value)
