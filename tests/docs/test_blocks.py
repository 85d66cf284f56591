"""What runs the pages must itself see a page that lies."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from tests.docs.blocks import Reader, absent, assert_readable, blocks, commands

PAGE = """# A page

```sh
echo one; echo two; false || echo "exit $?"
```

```text
one
...
exit 1
```

<!-- not run: needs a card -->
```sh
steady run mydomain --plan
```

- in a list

    ```python
    x = 1
    ```
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tests.docs.blocks.ROOT", tmp_path)
    (tmp_path / "page.md").write_text(PAGE, "utf-8")
    (tmp_path / "examples").mkdir()
    return tmp_path / "page.md"


def test_the_blocks_of_a_page(page: Path) -> None:
    assert [(b.kind, b.line, b.not_run) for b in blocks(page)] == [
        ("sh", 3, ""), ("text", 7, ""), ("sh", 14, "needs a card"), ("python", 20, ""),
    ]  # fmt: skip
    assert blocks(page)[3].text == "x = 1\n"


def test_a_true_page_is_followed(page: Path) -> None:
    reader = Reader(page.parent)
    assert reader.follow(page) == ["one\ntwo\nexit 1\n"]
    assert reader.space["x"] == 1


@pytest.mark.parametrize(
    ("true", "false", "told"),
    [
        ("echo one", "echo other", "not printed: 'one'"),
        ("echo two;", "exit 3;", "exit 3"),
        ("x = 1", "raise ValueError('no')", "no"),
        ("--plan", "--plam", "--plam"),
        ("steady run", "steady rnu", "rnu"),
    ],
)
def test_a_page_that_lies_fails(true: str, false: str, told: str, page: Path) -> None:
    page.write_text(PAGE.replace(true, false), "utf-8")
    with pytest.raises((AssertionError, ValueError, click.ClickException)) as failed:
        Reader(page.parent).follow(page)
    assert told in str(getattr(failed.value, "message", failed.value))


def test_lines_come_in_their_order() -> None:
    assert list(absent("a\n...\nc", "a\nb\nc\n")) == []
    assert list(absent("c\na", "a\nb\nc\n")) == ["a"]
    assert list(absent("took ... s", "took 3 s")) == []


def test_commands_are_cut_at_what_the_shell_takes() -> None:
    text = 'A=1 steady gate a.json \\\n  --base b.json || echo "no"  # why\nls\nsteady check x | head'
    assert list(commands(text)) == [["gate", "a.json", "--base", "b.json"], ["check", "x"]]
    assert_readable(text, "here")
