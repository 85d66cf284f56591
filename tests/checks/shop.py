"""A small shop in SQLite: nothing declared but primary keys, as such databases are, and one table with references."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

SCHEMA = """
CREATE TABLE branch(id INTEGER PRIMARY KEY, name TEXT, town TEXT);
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, kind TEXT, price INTEGER);
CREATE TABLE sale(id INTEGER PRIMARY KEY, branch_id INTEGER, item_id INTEGER, day TEXT, qty INTEGER, status TEXT);
CREATE TABLE staff(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, branch_id INTEGER REFERENCES branch(id), wage REAL, left_on TEXT
);
"""
BRANCHES = [("North", "Ulm"), ("Harbor", "Kiel"), ("Mill", "Ulm"), ("Garden", "Bonn"), ("Tower", "Kiel")]
ITEMS = [
    ("lamp", "light", 40), ("bulb", "light", 5), ("desk", "wood", 120), ("stool", "wood", 35), ("shelf", "wood", 60),
    ("rug", "cloth", 80), ("quilt", "cloth", 55),
]  # fmt: skip
NAMES = ("Ada", "Bo", "Cem", "Dana", "Eli", "Fay", "Gus", "Hana")


def make(folder: Path, name: str = "shop.db") -> Path:
    path, rng = folder / name, random.Random(5)
    with sqlite3.connect(path) as db:
        db.executescript(SCHEMA)
        db.executemany("INSERT INTO branch(name, town) VALUES (?, ?)", BRANCHES)
        db.executemany("INSERT INTO item(name, kind, price) VALUES (?, ?, ?)", ITEMS)
        rows = [
            (
                rng.randint(1, 4),  # the fifth branch sold nothing
                rng.randint(1, 7),
                f"2026-{rng.randint(1, 6):02}-{rng.randint(1, 28):02}",
                rng.randint(1, 9),
                rng.choice(("done", "done", "done", "refund")),
            )
            for _ in range(300)
        ]
        db.executemany("INSERT INTO sale(branch_id, item_id, day, qty, status) VALUES (?, ?, ?, ?, ?)", rows)
        staff = [(n, rng.randint(1, 5), 12 + rng.randint(0, 40) / 4, rng.choice((None, "2026-03-31"))) for n in NAMES]
        db.executemany("INSERT INTO staff(name, branch_id, wage, left_on) VALUES (?, ?, ?, ?)", staff)
    db.close()
    return path
