#!/bin/sh
# Names what this machine lacks for Layerline, or prints the Python to use.
# usage: tools.sh python | node
set -eu

python_is_enough() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

case "${1:-}" in
python)
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 && python_is_enough "$candidate"; then
            echo "$candidate"
            exit 0
        fi
    done
    echo "Layerline needs Python 3.11 or newer with the venv module." >&2
    echo "On Debian or Ubuntu: apt install python3 python3-venv. Elsewhere: see python.org." >&2
    exit 2
    ;;
node)
    if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
        echo "Layerline needs Node.js 20.19 or newer with npm, to build the web app." >&2
        echo "See nodejs.org, or your system's package nodejs." >&2
        exit 2
    fi
    if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
        echo "Layerline needs Node.js 20.19 or newer; here is $(node --version)." >&2
        exit 2
    fi
    ;;
*)
    echo "usage: tools.sh python | node" >&2
    exit 2
    ;;
esac
