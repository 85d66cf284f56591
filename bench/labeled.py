"""The labeled set of `examples/uss/claims` as rows, each one place of one name in one text. Judges nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import yaml

from steadyhand.agent.extractors import entities_of

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "uss" / "claims"
OPEN, CLOSE = "⟦", "⟧"


@dataclass(frozen=True)
class Row:
    """One place of one name in one text. `kind`: finding, clearance, mention or hostile; `why`: of those that accuse
    nobody."""

    split: str
    source: str
    lang: str
    kind: str
    why: str
    text: str
    start: int
    end: int
    real: bool
    census: bool = False


class _Blocks(HTMLParser):
    """HTML as lines of text, for articles that a collection keeps as pages."""

    BLOCKS = frozenset(
        "p div li tr br h1 h2 h3 h4 h5 h6 pre ul ol table td th blockquote section article".split()  # noqa: SIM905
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces, self.skipped = list[str](), 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.skipped += tag in ("script", "style")
        if tag in self.BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.skipped -= tag in ("script", "style") and self.skipped > 0
        if tag in self.BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.skipped:
            self.pieces.append(data)


def plain_page(page: str) -> str:
    parser = _Blocks()
    parser.feed(page)
    parser.close()
    lines = [line.strip() for line in "".join(parser.pieces).replace("\r", "\n").split("\n")]
    return "\n".join(line for line in lines if line)


def written() -> Iterator[Row]:
    """The rows that were written for this set."""
    for path in sorted(FOLDER.glob("*/*.yaml")):
        file = yaml.safe_load(path.read_text("utf-8"))
        sections = [("finding", "", file["findings"]), ("clearance", "", file.get("clears", []))]
        sections += [("mention", why, texts) for why, texts in file["mentions"].items()]
        sections += [("hostile", why, texts) for why, texts in file["hostile"].items()]
        for kind, why, texts in sections:
            for marked in texts:
                start, end = marked.index(OPEN), marked.index(CLOSE) - len(OPEN)
                text = marked.replace(OPEN, "").replace(CLOSE, "")
                yield Row(path.parent.name, file["source"], file["lang"], kind, why, text, start, end, real=False)


def referenced(documents: Path | None, texts: Path | None) -> Iterator[Row | None]:
    """The rows by reference; None for one whose text is not at hand."""
    known = (
        {row["id"]: row["text"] for row in map(json.loads, documents.read_text("utf-8").splitlines())}
        if documents
        else {}
    )
    for line in (FOLDER / "references.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        text = known.get(row["document"]) if row["collection"] == "indicators" else _public(row, texts)
        if text is None:
            yield None
            continue
        kind = "finding" if row["label"] == "accuses" else "mention"
        source = row["document"].rpartition("/")[0] if row["collection"] == "indicators" else row["collection"]
        place = (text, row["start"], row["end"])
        yield Row(row["split"], source, row["lang"], kind, row["why"], *place, real=True, census="census" in row)


def _public(row: dict[str, str], texts: Path | None) -> str | None:
    path = texts / row["collection"].replace("/", "+") / row["document"] if texts else None
    if path is None or not path.is_file():
        return None
    text = path.read_text("utf-8", errors="replace")
    return plain_page(text) if path.suffix == ".html" else text


def hostile(path: Path | None) -> Iterator[Row]:
    for line in path.read_text("utf-8").splitlines() if path else ():
        row = json.loads(line)
        for victim in row["victims"]:
            for entity in entities_of(row["body"], ("domain", "ip")):
                if entity.value == victim:
                    first = entity.places[0]
                    yield Row("development", "hostile reports", row["lang"], "hostile", row["group"][0], row["body"],
                              first.start, first.end, real=False)  # fmt: skip
