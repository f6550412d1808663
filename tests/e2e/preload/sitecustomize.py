"""Found by every Python that the tests start: it keeps what the clients in it are told."""

import os
import runpy

if os.environ.get("CLAVIGER_TAP"):
    runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "tap.py"))["install"]()
