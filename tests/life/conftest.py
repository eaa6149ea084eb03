import pytest

# They compare; what differs is to be told.
pytest.register_assert_rewrite(
    *[
        f"tests.life.{name}"
        for name in (
            "addresses",
            "bearers",
            "browsing",
            "by_mail",
            "by_program",
            "inviting",
            "keeping_on",
            "on_pages",
            "own_account",
            "programs",
            "rows",
            "strangers",
            "tab",
            "world",
        )
    ]
)
