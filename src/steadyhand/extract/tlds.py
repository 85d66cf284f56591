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


def names(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


# Extensions that hardly ever end a host in a report; the second set does both.
FILES = names("bz cab cat data dot la map md mm mo mov pm properties ps pub py rs sh so tf zip")
HALF_FILES = names("ac ai am app cc cl cr do in ml ms pl sc st")
# Words that programs use as names of members and packages
WORDS = names("""
    app author bar box call case click codes company contact cool date day dev digital direct do domains download
    events family fit foo free global goog group help host how id in is it map me media mobile my name new news next
    no now observer one open page party pay phone photo pics pid place play plus post press read report review run
    safe save search secure security select services shell show software stream style support systems target
    tips to tools total training video watch win work works zone
""")
DOUBTFUL = FILES | HALF_FILES | WORDS

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
