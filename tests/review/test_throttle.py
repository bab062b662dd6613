"""How often a log-in may fail."""

from __future__ import annotations

from review.throttle import Throttle


def test_failures_close_a_key_for_the_window_and_no_other() -> None:
    now = 0.0
    throttle = Throttle(3, 60.0, clock=lambda: now)
    for moment in (0.0, 10.0, 20.0):
        now = moment
        assert throttle.wait("jeanne") == 0
        throttle.failed("jeanne")
    assert throttle.wait("jeanne") == 40.0
    assert throttle.wait("paul") == 0
    now = 60.0
    assert throttle.wait("jeanne") == 0
    throttle.failed("jeanne")
    assert throttle.wait("jeanne") == 10.0


def test_success_forgets() -> None:
    throttle = Throttle(1, 60.0, clock=lambda: 5.0)
    throttle.failed("jeanne")
    assert throttle.wait("jeanne") > 0
    throttle.succeeded("jeanne")
    assert throttle.wait("jeanne") == 0


def test_a_flood_of_names_is_bounded_and_not_kept() -> None:
    throttle = Throttle(5, 60.0, size=100)
    for number in range(1000):
        throttle.failed(f"Dupont{number}")
    assert len(throttle._seen) == 100
    assert not any(b"Dupont" in key for key in throttle._seen)
