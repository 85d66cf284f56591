"""`extract_resource` against its peers on documents whose indicators are known: accuracy and speed, in one run.

    python -m bench.extract DOCUMENTS.jsonl [--rounds 3]

A document is a JSON object a line with `text`, `expected` and `optional`, each of the latter {domains, ips, urls}:
`expected` has to be found, what is neither expected nor optional is a false alarm. Prints F1 of domains, addresses and
URIs (micro-averaged over documents), documents without any error, MB/s of processor time (best of the rounds) and how
many times as fast as the slowest tool to pass over the text at all: three naive regular expressions. A peer that is not
installed is named and skipped; none is a dependency. Values are compared without what tools write differently: case of
hosts, default ports, a lone slash at the end.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from steadyhand.extract import find_entities
from steadyhand.text.normal import canonical_ip, refang

KINDS = ("domains", "ips", "urls")
Values = dict[str, Iterable[str]]
Tool = Callable[[str], Values]
_URL = re.compile(r"(?s)([^:/]+)://(?:([^/?#@]*)@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d+))?(.*)")
_PORTS = {"http": "80", "https": "443", "ftp": "21"}


def steadyhand() -> Tool:
    names = {"domain": "domains", "ip": "ips", "uri": "urls"}

    def run(text: str) -> Values:
        found: dict[str, list[str]] = {kind: [] for kind in KINDS}
        for one in find_entities(text):
            found[names[one.kind]].append(one.value)
        return dict(found)

    return run


def naive() -> Tool:
    """What one writes first: three regular expressions after the two most frequent replacements."""
    domain = re.compile(r"\b(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}\b", re.IGNORECASE)
    ip, url = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"), re.compile(r"\bhttps?://[^\s<>\"]+", re.IGNORECASE)

    def run(text: str) -> Values:
        text = text.replace("[.]", ".").replace("hxxp", "http")
        return {"domains": domain.findall(text), "ips": ip.findall(text), "urls": url.findall(text)}

    return run


def ioc_finder() -> Tool:
    find = import_module("ioc_finder").find_iocs

    def run(text: str) -> Values:
        found = find(text)
        return {"domains": found["domains"], "ips": [*found["ipv4s"], *found["ipv6s"]], "urls": found["urls"]}

    return run


def iocextract() -> Tool:
    module = import_module("iocextract")

    def run(text: str) -> Values:
        urls = [str(url) for url in module.extract_urls(text, refang=True)]
        return {"domains": [], "ips": list(module.extract_ips(text, refang=True)), "urls": urls}

    return run


def iocsearcher() -> Tool:
    searcher = import_module("iocsearcher.searcher").Searcher()
    kinds = {"fqdn": "domains", "ip4": "ips", "ip6": "ips", "url": "urls"}

    def run(text: str) -> Values:
        found: dict[str, list[str]] = {kind: [] for kind in KINDS}
        for one in searcher.search_data(text, targets=set(kinds)):
            found[kinds[one.name]].append(one.value)
        return dict(found)

    return run


def iocide() -> Tool:
    modules = {
        kind: import_module(f"iocide.{name}") for kind, name in zip(KINDS, ("hostname", "ip", "url"), strict=True)
    }

    def run(text: str) -> Values:
        return {kind: [str(one) for one in module.extract(text=text, refang=True)] for kind, module in modules.items()}

    return run


def msticpy() -> Tool:
    extractor = import_module("msticpy.transform.iocextract").IoCExtract()

    def run(text: str) -> Values:
        found: dict[str, Any] = extractor.extract(text)
        ips = [*found.get("ipv4", ()), *found.get("ipv6", ())]
        return {"domains": found.get("dns", ()), "ips": ips, "urls": found.get("url", ())}

    return run


TOOLS = {make.__name__: make for make in (steadyhand, naive, ioc_finder, iocextract, iocsearcher, iocide, msticpy)}


def same(kind: str, value: str) -> str:
    """A value in the spelling in which tools are compared."""
    if kind == "urls":
        return same_url(refang(value))
    return canonical_ip(value) or refang(value).lower().strip(".")


def same_url(value: str) -> str:
    found = _URL.fullmatch(value.replace("&amp;", "&"))
    if found is None:
        return value
    scheme, user, host, port, rest = found.groups()
    shown = "" if port in (None, _PORTS.get(scheme.lower())) else f":{port}"
    if address := canonical_ip(host):
        host = f"[{address}]" if ":" in address else address
    return f"{scheme.lower()}://{user + '@' if user else ''}{host.lower()}{shown}{rest}".rstrip("/")


def values_of(row: Values) -> dict[str, set[str]]:
    return {kind: {same(kind, value) for value in row.get(kind, ())} for kind in KINDS}


def errors(document: Any, found: Values) -> dict[str, tuple[int, int, int]]:
    """Hits, false alarms and misses by kind."""
    expected, optional, seen = (values_of(row) for row in (document["expected"], document["optional"], found))
    hosts = {
        f"{scheme}://{host}" for scheme in ("http", "https") for k in KINDS[:2] for host in expected[k] | optional[k]
    }
    seen["urls"] -= hosts - expected["urls"]  # a bare host that a tool made a URI of is no error
    return {
        k: (len(seen[k] & expected[k]), len(seen[k] - expected[k] - optional[k]), len(expected[k] - seen[k]))
        for k in KINDS
    }


def score(tool: Tool, documents: list[Any]) -> tuple[list[float], int]:
    """F1 by kind, and documents without an error. A tool that fails on a document found nothing there."""
    totals = {kind: [0, 0, 0] for kind in KINDS}
    exact = 0
    for document in documents:
        try:
            found = tool(document["text"])
        except Exception as error:  # noqa: BLE001  a peer's crash is a result
            print(f"  failed on {document.get('id')}: {type(error).__name__}")
            found = {}
        counts = errors(document, found)
        exact += all(not alarms and not missed for _, alarms, missed in counts.values())
        for kind, row in counts.items():
            totals[kind] = [a + b for a, b in zip(totals[kind], row, strict=True)]
    return [2 * hit / max(1, 2 * hit + alarms + missed) for hit, alarms, missed in totals.values()], exact


def speed(tool: Tool, documents: list[Any], rounds: int) -> float:
    """MB of UTF-8 per second of processor time."""
    size = sum(len(document["text"].encode()) for document in documents) / 1e6
    best = float("inf")
    for _ in range(rounds):
        before = time.process_time()
        for document in documents:
            tool(document["text"])
        best = min(best, time.process_time() - before)
    return size / best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    if asked.documents is None:
        print("no documents: name a file of labeled ones, as the help describes them")
        return
    documents = [json.loads(line) for line in asked.documents.read_text(encoding="utf-8").splitlines()]
    pace = speed(naive(), documents, asked.rounds)
    print(f"{'tool':14} {'domains':>8} {'ips':>8} {'urls':>8} {'exact':>10} {'MB/s':>8} {'x naive':>8}")
    for name, make in TOOLS.items():
        try:
            tool = make()
        except (ImportError, AttributeError) as error:
            print(f"{name:14} skipped: {error}")
            continue
        (domains, ips, urls), exact = score(tool, documents)
        own = speed(tool, documents, asked.rounds)
        ratio, whole = own / pace, f"{exact}/{len(documents)}"
        print(f"{name:14} {domains:8.4f} {ips:8.4f} {urls:8.4f} {whole:>10} {own:8.2f} {ratio:8.2f}")


if __name__ == "__main__":
    main()
