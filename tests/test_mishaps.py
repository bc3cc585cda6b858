"""What befalls a program that nobody operates costs no alert: `./dev bench mishaps`, in small."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from benchmarks import mishaps
from benchmarks.mishaps import CannotTryError, Outcome

SMALL: dict[str, Callable[[], Outcome]] = {
    "a story that kills": partial(mishaps.die_of_one_story, 5, ["composed"]),
    "four processes": partial(mishaps.start_several, 4, rounds=1),
    "a sleeper": mishaps.sleep_beyond_the_lease,
    "a full disk": partial(mishaps.fill_the_disk, fillings=2),
    "a storm": partial(mishaps.weather_a_storm, 60),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_mishap_costs_no_alert(name: str) -> None:
    try:
        outcome = SMALL[name]()
    except CannotTryError as why:
        pytest.skip(str(why))
    assert outcome.faults == ()
