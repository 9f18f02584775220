"""Runs a command and prints its cost as JSON. Small on purpose: a child's peak memory starts at its parent's.

Usage: launch.py TIMEOUT_S STDOUT_FILE COMMAND...
"""

import json
import os
import signal
import sys
import time

timeout, out, command = float(sys.argv[1]), sys.argv[2], sys.argv[3:]
start = time.monotonic()
child = os.fork()
if child == 0:
    os.setsid()
    os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 1)
    os.dup2(os.open(out + ".err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 2)
    try:
        os.execv(command[0], command)
    finally:
        os._exit(127)


def stop(*_):
    os.killpg(child, signal.SIGKILL)


signal.signal(signal.SIGALRM, stop)
signal.signal(signal.SIGTERM, stop)
signal.setitimer(signal.ITIMER_REAL, timeout)
_, status, usage = os.wait4(child, 0)
print(json.dumps({"exit": os.waitstatus_to_exitcode(status), "wall_s": time.monotonic() - start, "cpu_s": usage.ru_utime + usage.ru_stime,
                  "peak_bytes": usage.ru_maxrss << 10}))
