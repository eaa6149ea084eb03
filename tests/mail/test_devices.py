"""What devices and interfaces are called; a device chooses its own name."""

import pytest

from app.mail import devices
from app.models import Interface

pytestmark = pytest.mark.usefixtures("portal")


@pytest.mark.parametrize(
    ("user_agent", "said"),
    [
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Ubuntu",
        ),
        ("curl/8.0", "curl"),
        ("", "Unknown device"),
        ("a name that nobody knows", "Unknown device"),
    ],
)
def test_a_device_is_named(user_agent: str, said: str) -> None:
    assert devices.label(user_agent) == said


@pytest.mark.parametrize(
    "user_agent", ["http://evil.example-spider/3", "<b>go to evil.example</b>bot"]
)
def test_no_device_makes_its_name_a_link(user_agent: str) -> None:
    said = devices.label(user_agent)

    assert not set(said) & set("./:<>@&\"'")


def test_a_device_with_a_long_name_is_cut() -> None:
    assert len(devices.label("A" * 200 + "-spider/3")) <= devices.LONGEST_NAME


@pytest.mark.parametrize("interface", Interface)
def test_each_interface_has_a_name_on_pages_and_in_mails(interface: Interface) -> None:
    assert str(devices.OPENED_BY[interface])
    assert devices.opened_by(interface.value)
