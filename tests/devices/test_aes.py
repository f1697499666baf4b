"""AES-CMAC and AES-CBC against published vectors, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.aes import cbc_decrypted, cbc_encrypted, cmac

RFC_4493_KEY = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
RFC_4493_TEXT = bytes.fromhex(
    "6BC1BEE22E409F96E93D7E117393172A AE2D8A571E03AC9C9EB76FAC45AF8E51"
    "30C81C46A35CE411E5FBC1191A0A52EF F69F2445DF4F9B17AD2B417BE66C3710"
)


@pytest.mark.parametrize(
    ("length", "mac"),
    [
        (0, "BB1D6929E95937287FA37D129B756746"),
        (16, "070A16B46B4D4144F79BDD9DD04A287C"),
        (40, "DFA66747DE9AE63030CA32611497C827"),
        (64, "51F0BEBF7E3B9D92FC49741779363CFE"),
    ],
)
def test_the_examples_of_rfc_4493(length: int, mac: str) -> None:
    assert cmac(RFC_4493_KEY, RFC_4493_TEXT[:length]).hex().upper() == mac


def test_the_cbc_example_of_nist_sp_800_38a() -> None:
    sealed = cbc_encrypted(RFC_4493_KEY, RFC_4493_TEXT[:32], bytes(range(16)))
    assert sealed.hex().upper() == "7649ABAC8119B246CEE98E9B12E9197D5086CB9B507219EE95DB113A917678B2"
    assert cbc_decrypted(RFC_4493_KEY, sealed, bytes(range(16))) == RFC_4493_TEXT[:32]


@given(st.binary(min_size=16, max_size=16), st.lists(st.binary(min_size=16, max_size=16)).map(b"".join))
def test_what_was_encrypted_is_decrypted(key: bytes, plain: bytes) -> None:
    assert cbc_decrypted(key, cbc_encrypted(key, plain)) == plain


@pytest.mark.parametrize("size", [0, 15, 17, 24, 32])
def test_a_key_of_another_length_is_refused_and_not_shown(size: int) -> None:
    key = b"\xab" * size
    for call in (cmac, cbc_encrypted, cbc_decrypted):
        with pytest.raises(ValueError, match="is 16 bytes") as caught:
            call(key, bytes(16))
        assert "ab" not in str(caught.value).replace("bytes", "")


def test_half_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match="block length"):
        cbc_encrypted(bytes(16), b"half")
