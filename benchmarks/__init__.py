"""What the figures of docs/explanation/speed.md come from: ``python -m benchmarks --help``.

The server is the tests' throwaway one; this is the one place that puts their folder on the path.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))
