"""What the kernel says of a server's process (Linux: /proc)."""

import os
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads until now: to the nanosecond where the kernel keeps scheduling statistics, else user and
    system time in whole ticks (mostly 10 ms). Exact only while the process waits."""
    process = Path(f"/proc/{pid}")
    try:
        tasks = [(task / "schedstat").read_text() for task in (process / "task").iterdir()]
        return sum(int(task.split()[0]) for task in tasks) / 1e9
    except FileNotFoundError:
        # The command's name, in parentheses, may hold spaces; utime and stime are the 14th and 15th of all fields.
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def resident_megabytes(pid: int) -> float:
    """Resident memory in MB of 2^20 bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = next(line for line in lines if line.startswith("VmRSS:")).split()[1]
    return int(kilobytes) / 1024
