"""The words of the pages about claims."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

_TABLE = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text("utf-8"))
FACTS: Mapping[str, Mapping[str, str]] = _TABLE["facts"]  # fact -> language -> its name
WORDS: Mapping[str, Mapping[str, str]] = _TABLE["words"]  # language -> key -> text
CLASSES: Mapping[str, Mapping[str, str]] = _TABLE["classes"]  # class of question -> language -> its name
