"""`python -m deploy.local ...`, also when the packages it needs are missing."""

import sys

try:
    from deploy.local.commands import main
except ImportError as exc:
    print(f"layerline: {exc}; run `make install`", file=sys.stderr)
    sys.exit(2)

if __name__ == "__main__":
    sys.exit(main())
