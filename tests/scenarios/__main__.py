"""`python -m tests.scenarios` runs all scenarios and reports by entry; `--write` renews the table of the README;
`--collect` prints what is there as JSON.
"""

from __future__ import annotations

import json
import sys

from tests.scenarios.report import README, collected, run, written

if "--write" in sys.argv:
    README.write_text(written(collected().found), encoding="utf-8")
elif "--collect" in sys.argv:
    collector = collected()
    print(
        json.dumps(
            {
                "wires": {entry: sorted(tests.wires) for entry, tests in collector.found.items()},
                "skipping": collector.skipping,
                "loose": collector.loose,
                "readme": written(collector.found),
            }
        )
    )
else:
    sys.exit(run())
