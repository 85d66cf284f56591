#!/usr/bin/env bash
# What the action runs: `steady check` with annotations, on the lines of a pull request where there is one.
set -euo pipefail
words=(--format github)
[[ -z "${EVAL:-}" ]] || words+=(--eval "$EVAL")
if [[ "${ALL:-false}" != true && -n "${BASE_SHA:-}" ]]; then
  git cat-file -e "$BASE_SHA^{commit}" 2>/dev/null || git fetch --quiet --depth=1 origin "$BASE_SHA"
  words+=(--changed "$BASE_SHA")
fi
# CHECK and OPTIONS are words separated by spaces, and may hold patterns: they are split and expanded here on purpose.
# shellcheck disable=SC2086
exec steady check $CHECK "${words[@]}" ${OPTIONS:-}
