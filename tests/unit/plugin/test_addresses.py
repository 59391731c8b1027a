"""Which addresses belong to the public internet."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo_airflow.source.http.addresses import is_of_internet

OF_INTERNET = ["8.8.8.8", "52.216.0.1", "2606:4700::1111", "2a00:1450:4001:800::200e"]
INNER = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "192.0.0.192",
    "192.168.1.1",
    "168.63.129.16",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
]


@pytest.mark.parametrize("address", OF_INTERNET)
def test_an_address_of_the_internet_is_one(address: str) -> None:
    assert is_of_internet(address)


@pytest.mark.parametrize("address", INNER)
@pytest.mark.parametrize("form", ["{}", "::ffff:{}", "64:ff9b::{}", "6to4"])
def test_an_inner_address_is_none_in_whatever_ipv6_form_it_comes(address: str, form: str) -> None:
    if form == "6to4":
        octets = IPv4Address(address).packed.hex()
        text = f"2002:{octets[:4]}:{octets[4:]}::1"
    else:
        text = form.format(address)

    assert not is_of_internet(text)


@pytest.mark.parametrize(
    "address",
    [
        "::",
        "::1",
        "::127.0.0.1",
        "fd00:ec2::254",
        "fc00::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "64:ff9b:1::a9fe:a9fe",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)
def test_an_inner_ipv6_address_is_none(address: str) -> None:
    assert not is_of_internet(address)


@given(st.ip_addresses(v=4, network="127.0.0.0/8") | st.ip_addresses(v=4, network="169.254.0.0/16"))
def test_no_loopback_and_no_link_local_address_is(address: IPv4Address) -> None:
    assert not is_of_internet(str(address))
    assert not is_of_internet(f"::ffff:{address}")
