"""Codes that carry a sentence: the code is the value and the text, the sentence stands beside it."""

from __future__ import annotations

import json
import pickle

from steadyhand.text.coded import Coded


class Colour(Coded):
    """Two of them."""

    RED = "red", "It is red."
    BLUE = "blue"


def test_a_member_is_its_code_and_says_its_sentence() -> None:
    assert (Colour.RED, str(Colour.RED), Colour.RED.value) == ("red", "red", "red")
    assert (Colour.RED.sentence, Colour.BLUE.sentence) == ("It is red.", "")
    assert [colour.name for colour in Colour] == ["RED", "BLUE"]


def test_a_code_finds_its_member_again_in_any_form() -> None:
    assert Colour("red") is Colour.RED
    assert json.dumps({"colour": Colour.RED}) == '{"colour": "red"}'
    assert pickle.loads(pickle.dumps(Colour.RED)) is Colour.RED
