"""BFCL's own checker, for answers that come in on the standard input. Runs in the environment that has `bfcl-eval`.

Each line is {"functions", "calls", "truth", "category"}; each answer {"valid", "error_type"}. Nothing of the checker is
changed. The table of models, which imports the clients of every provider, is replaced by one that knows no model: all
that the checker asks it is whether a provider forbids dots in names.
"""

from __future__ import annotations

import json
import sys
import types
from typing import Any


class NoModels(dict[str, Any]):
    def __missing__(self, name: str) -> types.SimpleNamespace:
        return types.SimpleNamespace(underscore_to_dot=False)


def main() -> None:
    table = types.ModuleType("bfcl_eval.constants.model_config")
    table.MODEL_CONFIG_MAPPING = NoModels()  # type: ignore[attr-defined]
    sys.modules[table.__name__] = table
    from bfcl_eval.constants.enums import Language  # type: ignore[import-not-found]
    from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker  # type: ignore[import-not-found]

    for line in sys.stdin:
        row = json.loads(line)
        if row["truth"] is None:  # no call is due
            found: dict[str, Any] = {"valid": not row["calls"], "error_type": "" if not row["calls"] else "called"}
        else:
            given = (row["functions"], row["calls"], row["truth"], Language.PYTHON, row["category"], "any")
            try:
                found = ast_checker(*given)
            except Exception as error:  # noqa: BLE001 - foreign code; no verdict is counted as such
                found = {"valid": None, "error_type": f"raised {type(error).__name__}"}
        print(json.dumps({"valid": found["valid"], "error_type": str(found.get("error_type", ""))}), flush=True)


if __name__ == "__main__":
    main()
