"""The house's own rules, held by a machine: who may import whom, how long things may be, what may not be mentioned."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from steadyhand.cli.doctor import CORE, TRAIN
from steadyhand.settings.resolve import all_keys

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "steadyhand"
FLOORS = (
    ("files", "locks", "text"),
    ("errors", "extract", "extras", "rooms", "settings", "telemetry"),
    ("chat", "stats"),
    ("checks",),
    ("source",),
    ("domain", "ledger"),
    ("datasets", "models", "tools"),
    ("check", "cards", "pairs", "train", "evaluate", "report", "roi", "agent", "export", "review"),
    ("flow", "serve"),
    ("badcases", "lab", "rollout"),
    ("studio",),
    ("cli",),
    ("__main__",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
TORCH_ROOMS = {"models", "train"}
HEAVY = {"torch", "transformers", "peft", "trl", "accelerate", "safetensors", "tokenizers"}
MAX_FILE_LINES, MAX_FUNCTION_LINES = 600, 100
# written in two pieces, or this file would be the first to mention them
MACHINE_WORDS = [a + b for a, b in (
    ("/work/", "main"), ("/work/", "shared"), ("/work/", "venv"), ("/opt/", "pypi"), ("/opt/", "wheels"),
    ("../", "shared"), ("files.python", "hosted.org"), ("download.", "pytorch.org"),
)]  # fmt: skip


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of every module that a file imports, at the top or inside a function."""
    package = ("steadyhand", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            # `from steadyhand import chat` names a room in its aliases
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "steadyhand" else [module]
            yield from ((node.lineno, name) for name in names)


def breaches(path: Path, room: str) -> Iterator[str]:
    for line, name in imports(path):
        head, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        if head == "steadyhand" and other in FLOOR and other != room:
            down = FLOOR[other] < FLOOR[room] or other in {"errors", "extras"}
            if not down:
                yield f"{path.relative_to(ROOT)}:{line}: {room} (floor {FLOOR[room]}) imports {name}"
        if head in HEAVY and room not in TORCH_ROOMS:
            yield f"{path.relative_to(ROOT)}:{line}: {room} imports {name}"


def test_floors_import_only_downwards_and_torch_stays_in_its_rooms() -> None:
    found: list[str] = []
    for path in python_files("src"):
        room = room_of(path)
        if room in ("__init__", "__main__"):  # the package itself, and how it is started
            continue
        assert room in FLOOR, f"{path}: on which floor does {room} stand?"
        found += breaches(path, room)
    assert found == []


def test_the_table_of_floors_is_the_one_that_is_held() -> None:
    table = re.findall(r"^ +(\d+)((?:  \w+)+)$", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {int(number): set(rooms.split()) for number, rooms in table} == dict(enumerate(map(set, FLOORS)))


@pytest.mark.parametrize(
    ("room", "line", "allowed"),
    [
        ("chat", "from steadyhand.text.normal import nfkc", True),
        ("chat", "from steadyhand.chat.messages import Tool", True),
        ("settings", "from steadyhand.errors import Place", True),
        ("chat", "from steadyhand.stats import wilson", False),
        ("chat", "from ..domain import model", False),
        ("chat", "from steadyhand import domain", False),
        ("pairs", "def f():\n    import steadyhand.evaluate.run", False),
        ("check", "import torch.nn", False),
        ("train", "import torch.nn", True),
    ],
)
def test_the_rule_itself_sees_a_breach(room: str, line: str, allowed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    file = PACKAGE / room / "__init__.py"
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: line)
    assert (list(breaches(file, room)) == []) == allowed


def test_nothing_below_imports_the_command_line_and_the_package_itself_imports_nothing() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    assert [node.module for node in tree.body if isinstance(node, ast.ImportFrom)] == ["importlib", "typing"]


def test_the_package_imports_nothing_that_stands_beside_it() -> None:
    beside = {"nano", "examples", "bench", "tests", "experiments"}
    found = [
        f"{path}:{line}" for path in python_files("src") for line, name in imports(path) if name.split(".")[0] in beside
    ]
    assert found == []


def names_imported(path: Path, known: set[str]) -> set[str]:
    """Modules of the package that a file needs as it runs, wherever it imports them; imports for types are none."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in typing:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & known or {node.module} & known
    return found


def test_no_files_import_one_another_in_a_circle() -> None:
    files = {".".join(path.relative_to(ROOT / "src").with_suffix("").parts): path for path in python_files("src")}
    files = {name.removesuffix(".__init__"): path for name, path in files.items()}
    graph = {name: names_imported(path, set(files)) - {name} for name, path in files.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_no_two_public_classes_share_a_name() -> None:
    homes: dict[str, list[str]] = {}
    for path in python_files("src"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(str(path.relative_to(PACKAGE)))
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


# Spelled in two pieces, as the machine's words are: British stems that have an American form.
BRITISH = re.compile("|".join(a + b for a, b in (
    ("arte", "fact"), ("behav", "iour"), ("col", "our"), ("optim", "is(?!m|tic)"), ("quant", "is"), ("normal", "is"),
    ("organ", "is(?!m)"), ("recogn", "is"), ("initial", "is"), ("general", "is(?!t)"), ("maxim", "is"),
    ("memor", "is"), ("fav", "our"), ("hon", "our"), ("neighb", "our"), ("catalog", "ue"), ("judge", "ment"),
    ("label", "led(?!by)"), ("label", "ling"), (r"\bspe", r"lt\b"), ("(?<![a-z])lear", "nt(?![a-z])"),
    ("cent", "red"), ("flav", "our"), ("lic", "ence"), ("model", "ling"), ("analy", "se[ds]?\\b"), ("seria", "lis"),
)), re.IGNORECASE)  # fmt: skip
SPELLED = {".py", ".md", ".j2", ".json"}


def test_identifiers_messages_and_docs_are_spelled_as_the_field_does() -> None:
    """Texts that models are trained on or that users wrote stay as they are."""
    folders = (
        "src/steadyhand",
        "tests",
        "bench",
        "experiments",
        "examples",
        "docs",
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    )
    data = ("src/steadyhand/models/nano", "examples/uss/reading")
    found = []
    for path in project_files():
        name = str(path.relative_to(ROOT))
        if path.suffix in SPELLED and name.startswith(folders) and not name.startswith(data):
            words = BRITISH.findall(path.read_text(encoding="utf-8"))
            found += [f"{name}: {word}" for word in sorted(set(words)) if word]
    assert found == []


def test_files_and_functions_are_short() -> None:
    found = []
    for path in python_files("src", "nano", "examples", "bench", "experiments", "tests"):
        text = path.read_text(encoding="utf-8")
        if (lines := text.count("\n")) > MAX_FILE_LINES:
            found.append(f"{path.relative_to(ROOT)}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MAX_FUNCTION_LINES:
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} has {length} lines")
    assert found == []


def test_every_module_says_what_it_knows() -> None:
    silent = [
        str(p.relative_to(ROOT))
        for p in python_files("src")
        if p.stat().st_size and not ast.get_docstring(ast.parse(p.read_text("utf-8")))
    ]
    assert silent == []


def project_files() -> list[Path]:
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: the project's files cannot be listed")
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_mentions_the_machine_it_was_written_on() -> None:
    found = []
    for path in project_files():
        data = path.read_bytes()
        found += [f"{path.relative_to(ROOT)}: {word}" for word in MACHINE_WORDS if word.encode() in data]
    assert found == []


def test_no_file_of_the_project_is_a_crash_report_or_a_run() -> None:
    stray = [path for path in project_files() if re.search(r"steady-crash|\.sqlite|/\.venv/|__pycache__", str(path))]
    assert stray == []


def test_every_setting_is_read_somewhere() -> None:
    """A key that nothing reads is a lie."""
    used = {
        node.attr
        for path in python_files("src")
        if room_of(path) != "settings"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }
    dead = [key for key in all_keys() if key.rpartition(".")[2] not in used]
    assert [key for key in dead if key != "preset"] == []


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split("\n")
    return dict(line.split("==") for line in lines if line)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", name)[0]).lower()  # type: ignore[index]


def test_constraints_are_plain_pins_of_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + [name for extra in project["optional-dependencies"].values() for name in extra]
    pins = constraints()
    assert {normal(name) for name in wanted} - {"steadyhand"} <= {normal(name) for name in pins}
    assert all(re.fullmatch(r"[0-9][0-9a-z.]*", version) for version in pins.values())  # no `+cpu`, no address
    assert not [name for name in pins if normal(name).startswith(("nvidia", "cuda", "triton"))]


def test_every_pin_has_its_hashes_and_nothing_else_has() -> None:
    """`make lock` writes them; `pip install --require-hashes` wants all of them."""
    entry = re.compile(r"([\w.-]+)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)")
    text = (ROOT / "constraints-hashed.txt").read_text(encoding="utf-8")
    assert entry.sub("", text) == ""
    assert {normal(name): version for name, version, _ in entry.findall(text)} == {
        normal(name): version for name, version in constraints().items()
    }
    cuda = (ROOT / "constraints-cuda.txt").read_text(encoding="utf-8")
    assert entry.sub("", cuda) == ""
    assert all(name.startswith(("nvidia", "cuda", "triton")) for name, _, _ in entry.findall(cuda))


def test_the_doctor_looks_for_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {normal(name) for name in project["dependencies"]} == set(CORE)
    assert {normal(name) for name in project["optional-dependencies"]["train"]} == set(TRAIN)


def test_the_makefile_and_the_constraints_agree_on_torch() -> None:
    assert f'"torch=={constraints()["torch"]}"' in (ROOT / "Makefile").read_text(encoding="utf-8")
