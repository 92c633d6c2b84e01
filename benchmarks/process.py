"""What a process uses, as Linux tells. Elsewhere nothing is known, and the figures that need it say so."""

import os
from pathlib import Path

NOT_LINUX = "needs Linux: /proc tells what a process uses"


def known() -> bool:
    """Whether anything can be known here."""
    return Path("/proc/self/status").exists()


def resident_bytes(pid: int) -> int:
    """Resident memory of one process."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def cpu_seconds(pid: int) -> float:
    """Processor time of one process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
