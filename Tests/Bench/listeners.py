"""Thousands of listening sockets, ten per process, in the current network namespace.

If cgroups can be created, every ten processes share one, named as systemd names that of a unit.
"""

import contextlib
import os
import socket

from holders import hold, holders

FIRST = 20_000
EACH = 10
PER_UNIT = 10


def listeners(ports, unit):
    """Opens a listening socket on each of these ports, as a process of the unit."""
    if unit:
        # Before the sockets are opened, which keep the cgroup of that moment.
        with open(unit + "/cgroup.procs", "w") as file:
            file.write("0")
    return [socket.create_server(("0.0.0.0", port)) for port in ports]


class Units:
    """A slice with services; none if cgroup2 is not mounted or not writable."""

    def __init__(self, wanted):
        self.slice, self.services = None, []
        root = mount_point() if wanted else None
        if root is None:
            return
        # Named by the inode of this namespace, so that two benches can run at once.
        path = f"{root}/portreeve-bench-{os.stat('/proc/self/ns/net').st_ino}.slice"
        try:
            os.mkdir(path)
        except OSError:
            return
        self.slice = path

    def service(self):
        """The directory of another unit; None if there are none."""
        if self.slice is None:
            return None
        path = f"{self.slice}/bench-{len(self.services)}.service"
        os.mkdir(path)
        self.services.append(path)
        return path

    def close(self):
        for path in [*self.services, *filter(None, [self.slice])]:
            os.rmdir(path)


def mount_point():
    """Where cgroup2 is mounted: `man 5 proc_pid_mountinfo`."""
    with open("/proc/self/mountinfo") as file:
        for fields in map(str.split, file):
            if fields[fields.index("-") + 1] == "cgroup2":
                return fields[4]
    return None


@contextlib.contextmanager
def listening(count, in_units=True):
    """Keeps `count` sockets listening while the body runs; yields whether their processes are in units."""
    units, unit = Units(in_units), None
    try:
        with holders() as children:
            for first in range(FIRST, FIRST + count, EACH):
                if len(children) % PER_UNIT == 0:
                    unit = units.service()
                ports = range(first, min(first + EACH, FIRST + count))
                children.append(hold(lambda: listeners(ports, unit)))
            yield unit is not None
    finally:
        units.close()
