"""Reports whose names are known: what the tool takes out of them is what stands in them."""

from __future__ import annotations

import pytest

from experiments.claims import reports
from steadyhand.models.backend import Completion


def answered(text: str) -> Completion:
    return Completion(text, "stop", 1, 1, "")


@pytest.mark.parametrize("length", reports.LENGTHS)
def test_a_report_is_as_long_as_wanted_and_holds_its_names(length: float) -> None:
    one = reports.report(f"{length:g}-0", "eval", 1000 * length)
    assert 1000 * length <= len(one.text) + 1 <= 1000 * length + 300
    assert len(one.names) == round(4 * length)
    flags = '{"domain": true, "ip": true, "uri": false}'
    call = f'<tool_call>\n{{"name": "extract_resource", "arguments": {flags}}}\n</tool_call>'
    assert set(reports.called(answered(call), one)) == set(one.names)
    assert reports.called(answered("a.example"), one) == []
    assert reports.report(one.id, "eval", 1000 * length) == one


def test_splits_share_no_name() -> None:
    taught = {name for n in range(50) for name in reports.report(str(n), "train", 2000).names}
    asked = {name for n in range(50) for name in reports.report(str(n), "eval", 2000).names}
    assert not taught & asked


def test_a_list_is_read_as_people_write_it() -> None:
    assert reports.said(answered("The names are A.example, 1[.]2.3.4;\nb.example.")) == [
        "a.example",
        "1.2.3.4",
        "b.example",
    ]
