"""Which names a domain may end in: the top-level domains, as a list of facts in `tlds.txt`.

Names are in lower case and Punycode, so `xn--p1ai` stands for рф. The list is the last labels of the ICANN part of the
public suffix list (https://publicsuffix.org/list/public_suffix_list.dat), and `onion` (RFC 7686). Nothing here uses the
network: whoever wants a newer list downloads that file and runs

    python -m steadyhand.extract.tlds public_suffix_list.dat > src/steadyhand/extract/tlds.txt
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path

_ICANN_ENDS = "// ===END ICANN DOMAINS==="


def ascii_label(label: str) -> str:
    """One label in lower case, as DNS knows it: an international one in Punycode (RFC 3492), after NFKC."""
    if label.isascii():
        return label.lower()
    folded = unicodedata.normalize("NFKC", label.lower())
    return folded if folded.isascii() else "xn--" + folded.encode("punycode").decode("ascii")


@cache
def top_level_domains() -> frozenset[str]:
    """Every top-level domain, in lower case and Punycode."""
    return frozenset(resources.files("steadyhand.extract").joinpath("tlds.txt").read_text(encoding="ascii").split())


def last_labels(lines: Iterable[str]) -> set[str]:
    """The last label of every rule in the ICANN part of a public suffix list, and `onion`."""
    names = {"onion"}
    for line in lines:
        if line.startswith(_ICANN_ENDS):
            break
        rule = line.partition("//")[0].split()
        if rule:
            names.add(ascii_label(rule[0].rpartition(".")[2].lstrip("!")))
    return names - {"*"}


if __name__ == "__main__":
    sys.stdout.write("\n".join(sorted(last_labels(Path(sys.argv[1]).read_text("utf-8").splitlines()))) + "\n")
