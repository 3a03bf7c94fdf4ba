"""Runs a command and prints {"seconds", "megabytes"}: time by the clock and peak memory.

A program of its own: a child's peak memory counts that of the process it was forked from, and this one is small.
"""

import json
import os
import subprocess
import sys
import time

begun = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
if os.waitstatus_to_exitcode(status):
    raise SystemExit(f"{' '.join(sys.argv[1:])}: exit code {os.waitstatus_to_exitcode(status)}")
print(json.dumps({"seconds": time.monotonic() - begun, "megabytes": usage.ru_maxrss / 1024}))
