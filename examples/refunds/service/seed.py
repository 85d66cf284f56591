"""The orders that the shop begins with: invented, the same in every start."""

from __future__ import annotations

from collections.abc import Iterator

from examples.refunds.service.store import REFUNDED, Order

STATES = ("delivered", "lost", "delivered", "shipped", "delivered", "ordered", "delivered", REFUNDED)
NAMES = ("ada", "bo", "cem", "dana", "eli", "fay", "gus", "hana")
TEST_ORDER = "R-900001"


def orders(count: int = 400) -> Iterator[Order]:
    """R-100001 and the following ones; the eight states take turns, so do eight names."""
    for number in range(1, count + 1):
        name = NAMES[(number - 1) // 8 % 8]
        yield Order(
            order=f"R-{100_000 + number}",
            state=STATES[(number - 1) % 8],
            paid_cents=500 + 137 * number % 9_500,
            email=f"{name}{number}@mail.example",
        )
    yield Order(order=TEST_ORDER, state="delivered", paid_cents=100_000, email="books@shop.example")
