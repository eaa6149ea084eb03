"""Which network a request is counted under."""

import pytest

from app.security.networks import network_of


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_an_address_counts_under_its_network(ip: str, network: str) -> None:
    assert network_of(ip) == network


@pytest.mark.parametrize(
    "ip", ["", "unknown", "192.0.2", "192.0.2.7, 192.0.2.8", "\u0661.٢.٣.٤", "\0"]
)
def test_what_is_no_address_is_unknown(ip: str) -> None:
    assert network_of(ip) == "unknown"
