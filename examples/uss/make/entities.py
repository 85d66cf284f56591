"""Names that look real: domains, IPs, URLs, tickets, hashes. The two splits never share one. Knows no wording.

Words, the parity of an IP's third number and of a ticket's number keep the splits apart.
"""

from __future__ import annotations

import random
import string
from pathlib import Path
from typing import Literal

from nano.vocabulary import CHINESE, ENGLISH

Split = Literal["train", "eval"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


WORDS = {
    "train": _words(
        "go shorty kill blue nest fast mail top click win bank pay card track drop doc help portal game music photo "
        "travel food book king moon river stone cat dog red tree light star news data tnv zed qor lum"
    ),
    "eval": _words(
        "box green field sun snow fox lake hill wood iron gold rose wind fire rock bird fish road gate tower mill "
        "vox kel bru nim"
    ),
}


def _made_up(count: int, low: int, high: int, alphabet: str) -> tuple[str, ...]:
    """Strings that mean nothing, for training: a model that sees few names learns them, not how to copy a name."""
    rng = random.Random(f"names/{low}/{high}")
    return tuple("".join(rng.choices(alphabet, k=rng.randint(low, high))) for _ in range(count))


_EVAL = frozenset(WORDS["eval"])
_COMMON = sorted({word.lower() for word in ENGLISH} - _EVAL)
WORDS["train"] += (*_COMMON, *(w for w in _made_up(900, 2, 6, string.ascii_lowercase) if w not in _EVAL))
TLDS = _words("com net org info top xyz de ru cn io site online biz cc")
PATHS = {
    "train": _words("OkkxCrq w/w.doc login a1 get/7 x9K docs/in pay img/2 go"),
    "eval": _words("e4gUVc p/q.zip enter b3 take/5 y8R files/on buy pic/4 run"),
}
PATHS["train"] += _made_up(300, 3, 6, string.ascii_letters + string.digits)
KEYWORDS = {
    ("train", "en"): _words("phishing banks invoices botnets cookies mails passwords routers"),
    ("eval", "en"): _words("parcels phones taxes hotels printers"),
    ("train", "zh"): _words("银行 邮件 发票 手机 密码 登录 游戏 学校"),
    ("eval", "zh"): _words("快递 电话 税务 酒店 医院"),
}
# In training nearly any word may be looked for: of eight keywords a model learns the eight, not to copy the one it is
# given. Nobody looks for the words that a request itself is made of: "which reports name any" has no one meaning.
LITTLE = frozenset((Path(__file__).parent / "wording" / "little.txt").read_text(encoding="utf-8").split())
KEYWORDS["train", "en"] += tuple(sorted({w for w in ENGLISH if w.islower()} - set(KEYWORDS["eval", "en"]) - LITTLE))
KEYWORDS["train", "zh"] += tuple(sorted({w for w in CHINESE if len(w) > 1} - set(KEYWORDS["eval", "zh"]) - LITTLE))
# The common characters of GB 2312, most of which the base's tokenizer splits into bytes: these are copied too.
HAN = bytes(b for row in range(0xB0, 0xD7) for cell in range(0xA1, 0xFF) for b in (row, cell)).decode("gb2312")
KEYWORDS["train", "zh"] += tuple(w for w in _made_up(300, 2, 3, HAN) if w not in KEYWORDS["eval", "zh"])
OWNERS = {
    "train": ("Blue Net", "Star Host", "Red Tree", "Moon Data", "King Web"),
    "eval": ("Green Box", "Iron Lake"),
}


class Names:
    """Draws names of one split for one scenario; never the same name twice."""

    def __init__(self, rng: random.Random, split: Split) -> None:
        self.rng, self.split = rng, split
        self._used: set[str] = set()

    def _host(self) -> str:
        words = self.rng.sample(WORDS[self.split], 3)
        digit = str(self.rng.randint(2, 99)) if self.rng.random() < 0.5 else str(self.rng.randint(2, 9))
        shape = self.rng.randrange(4)
        if shape == 0:
            return f"{words[0]}{digit}.{self.rng.choice(TLDS)}"
        if shape == 1:
            return f"{words[0]}-{words[1]}{digit}.{self.rng.choice(TLDS)}"
        if shape == 2:
            return f"{words[0]}{digit}.{words[1]}-{words[2]}.{self.rng.choice(TLDS)}"
        return f"{words[0]}-{words[1]}.{words[2]}{digit}.{self.rng.choice(TLDS)}"

    def domain(self) -> str:
        while (name := self._host()) in self._used:
            pass
        self._used.add(name)
        return name

    def ip(self) -> str:
        first = self.rng.choice((23, 31, 45, 66, 77, 91, 103, 118, 146, 159, 178, 185, 193, 203))
        third = 2 * self.rng.randint(0, 126) + (self.split == "eval")
        return f"{first}.{self.rng.randint(1, 254)}.{third}.{self.rng.randint(1, 254)}"

    def url(self) -> str:
        host = self.ip() if self.rng.random() < 0.25 else self.domain()
        return f"{self.rng.choice(('http', 'https'))}://{host}/{self.rng.choice(PATHS[self.split])}"

    def any_kind(self) -> str:
        """As often a domain as an IP or a URL."""
        return self.rng.choice((self.domain, self.ip, self.url))()

    def any(self) -> str:
        return self.rng.choice((self.domain, self.domain, self.ip, self.url))()

    def ticket(self) -> str:
        return f"T{2 * self.rng.randint(60, 480) + (self.split == 'eval')}"

    def digest(self) -> str:
        """In training with any first figure but the held-out one: what all begin with is learned and not copied."""
        first = self.rng.choice("0123456789acdef") if self.split == "train" else "b"
        return first + "".join(self.rng.choices("0123456789abcdef", k=11))

    def keyword(self, lang: str) -> str:
        return self.rng.choice(KEYWORDS[self.split, lang])

    def owner(self) -> str:
        return self.rng.choice(OWNERS[self.split])


def kind_of(name: str) -> Literal["domain", "ip", "uri"]:
    if "://" in name:
        return "uri"
    return "ip" if name.replace(".", "").isdigit() else "domain"


def host_of(name: str) -> str:
    return name.split("://")[-1].split("/")[0]


def defang(name: str, dot: str = "[.]") -> str:
    """`http` becomes `hxxp`, every dot of the host becomes `dot`; the path stays."""
    host = host_of(name)
    return name.replace("http", "hxxp").replace(host, host.replace(".", dot), 1)
