"""Codes that change every half minute, by the test values of RFC 6238; and recovery codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitor.desk.door.second_factor import (
    RECOVERY_BYTES,
    app_address,
    code_at,
    recovery_codes,
    secret_of,
    step_at,
    step_of,
    written,
)

SECRET = secret_of(b"12345678901234567890")
NOON = datetime(2026, 2, 18, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
        (2000000000, "69279037"), (20000000000, "65353130"),
    ],
)  # fmt: skip
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    step = step_at(datetime.fromtimestamp(seconds, UTC))
    assert code_at(SECRET, step, digits=8) == code
    assert code_at(SECRET, step) == code[-6:]


@pytest.mark.parametrize(("late", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_code_is_taken_half_a_minute_early_or_late(late: int, taken: bool) -> None:
    code = code_at(SECRET, step_at(NOON + timedelta(seconds=late)))
    assert (step_of(SECRET, code, NOON, after=0) is not None) == taken


def test_a_code_counts_once() -> None:
    code = code_at(SECRET, step_at(NOON))
    step = step_of(SECRET, code, NOON, after=0)
    assert step == step_at(NOON)
    assert step_of(SECRET, code, NOON + timedelta(seconds=20), after=step) is None
    later = NOON + timedelta(seconds=30)
    assert step_of(SECRET, code_at(SECRET, step_at(later)), later, after=step) == step + 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "\ud800"])
def test_what_is_no_code_is_none(code: str) -> None:
    assert step_of(SECRET, code, NOON, after=0) is None


def test_a_code_may_be_typed_in_two_groups() -> None:
    code = code_at(SECRET, step_at(NOON))
    assert step_of(SECRET, f"{code[:3]} {code[3:]}", NOON, after=0) == step_at(NOON)


def test_recovery_codes_are_ten_and_typed_in_any_way() -> None:
    codes = recovery_codes(bytes(range(RECOVERY_BYTES)))
    assert len(set(codes)) == 10
    for code in codes:
        assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
        assert written(code.lower().replace("-", "")) == written(f" {code.replace('-', ' ')} ") == code


def test_an_app_reads_the_secret_from_an_address() -> None:
    address = app_address(SECRET, "ana@desk")
    assert address == f"otpauth://totp/Tipsheet:ana%40desk?secret={SECRET}&issuer=Tipsheet"
