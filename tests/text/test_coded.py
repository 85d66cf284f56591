"""Codes that carry a sentence: the code is the value and the text, the sentence stands beside it."""

from __future__ import annotations

import json
import pickle

from steadyhand.text.coded import Coded


class Color(Coded):
    """Two of them."""

    RED = "red", "It is red."
    BLUE = "blue"


def test_a_member_is_its_code_and_says_its_sentence() -> None:
    assert (Color.RED, str(Color.RED), Color.RED.value) == ("red", "red", "red")
    assert (Color.RED.sentence, Color.BLUE.sentence) == ("It is red.", "")
    assert [color.name for color in Color] == ["RED", "BLUE"]


def test_a_code_finds_its_member_again_in_any_form() -> None:
    assert Color("red") is Color.RED
    assert json.dumps({"color": Color.RED}) == '{"color": "red"}'
    assert pickle.loads(pickle.dumps(Color.RED)) is Color.RED
