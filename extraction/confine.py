"""What the kernel holds a reader of hostile bytes to. Linux; standard library only.

The limited child may compute, allocate and talk over the socket it has: an allow-list of system
calls (seccomp), no open file, no address space over its bound. A tool such as Tesseract has to
open its own files, so it gets a deny-list (no socket, no new process, no look at others) and
Landlock: it may read the system's programs and data, nothing else, and write nowhere.

Layouts: seccomp(2), landlock(7), linux/filter.h. On a machine without one of the two the rest
still holds; `strength` says what there is, and `vigie doctor` shows it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import resource
import signal
import struct
from collections.abc import Mapping

PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT, SECOND_ARGUMENT, THIRD_ARGUMENT = 0, 4, 16, 24, 32
X32 = 0x40000000
CLONE_THREAD = 0x00010000

# Name: number on x86-64, number on arm64; -1 where it does not exist.
MAY = {
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "poll": (7, -1),
    "lseek": (8, 62), "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215),
    "brk": (12, 214), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139), "readv": (19, 65), "writev": (20, 66), "select": (23, -1),
    "sched_yield": (24, 124), "mremap": (25, 216), "madvise": (28, 233), "nanosleep": (35, 101),
    "getpid": (39, 172), "sendto": (44, 206), "recvfrom": (45, 207), "shutdown": (48, 210),
    "exit": (60, 93), "uname": (63, 160), "getcwd": (79, 17), "gettimeofday": (96, 169),
    "getrusage": (98, 165), "sysinfo": (99, 179), "times": (100, 153), "getuid": (102, 174),
    "getgid": (104, 176), "geteuid": (107, 175), "getegid": (108, 177), "getppid": (110, 173),
    "sigaltstack": (131, 132), "gettid": (186, 178), "time": (201, -1), "futex": (202, 98),
    "sched_getaffinity": (204, 123), "restart_syscall": (219, 128), "clock_gettime": (228, 113),
    "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "exit_group": (231, 94),
    "pselect6": (270, 72), "ppoll": (271, 73), "getrandom": (318, 278), "membarrier": (324, 283),
    "rseq": (334, 293),
}  # fmt: skip
MAY_NOT = {
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "sendto": (44, 206),
    "sendmsg": (46, 211), "bind": (49, 200), "listen": (50, 201), "socketpair": (53, 199),
    "fork": (57, -1), "vfork": (58, -1), "kill": (62, 129), "ptrace": (101, 117),
    "chroot": (161, 51), "mount": (165, 40), "umount2": (166, 39), "tkill": (200, 130),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "unshare": (272, 97), "accept4": (288, 242), "perf_event_open": (298, 241),
    "prlimit64": (302, 261), "setns": (308, 268), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "bpf": (321, 280), "userfaultfd": (323, 282),
    "pidfd_send_signal": (424, 424), "io_uring_setup": (425, 425), "pidfd_open": (434, 434),
}  # fmt: skip
PRLIMIT = (302, 261)
IOCTL = (16, 29)
FIONBIO = 0x5421
CLONE = (56, 220)
CLONE3 = (435, 435)
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
EXECUTE_AND_READ = 0b1101
# Rights that Landlock's first versions knew; a right is only handled where the kernel knows it.
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/opt")

# One instruction of the filter: code, steps to skip if true, if false, operand.
Step = tuple[int, int, int, int]
NO: Step = (RETURN, 0, 0, REFUSE | errno.EPERM)
YES: Step = (RETURN, 0, 0, ALLOW)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def die_with(parent: int) -> bool:
    """End when `parent` ends; False when it already has."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    return os.getppid() == parent  # it may have died before the call


def bound(memory: int, *, files: int, seconds: int = 0, shared: int = 0) -> None:
    """Limits of the calling process: address space, open files, no written file, no core.
    `shared` are bytes of address space on top, in which it cannot keep anything."""
    wanted = [
        (resource.RLIMIT_AS, memory + shared),
        # A library asks this one how much it may take, and else looks into /proc.
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, files),
    ]
    if seconds:
        wanted.append((resource.RLIMIT_CPU, seconds))
    for what, value in wanted:
        _, most = resource.getrlimit(what)
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(what, (value, value))


def only_compute() -> bool:
    """Refuse every system call but those of MAY; False where the kernel cannot."""
    row = _row()
    if row is None:
        return False
    # It may ask for its own limits, and set its processor time anew for each document: no other
    # limit, no other process.
    own_limits = (
        (EQUAL, 0, 10, PRLIMIT[row]),
        (LOAD, 0, 0, FIRST_ARGUMENT), (EQUAL, 0, 6, 0),
        (LOAD, 0, 0, SECOND_ARGUMENT), (EQUAL, 5, 0, int(resource.RLIMIT_CPU)),
        (LOAD, 0, 0, THIRD_ARGUMENT), (EQUAL, 0, 2, 0),
        (LOAD, 0, 0, THIRD_ARGUMENT + 4), (EQUAL, 1, 0, 0),
        NO, YES,
    )  # fmt: skip
    # What Python asks of a socket before it waits on it.
    waiting = (
        (EQUAL, 0, 4, IOCTL[row]),
        (LOAD, 0, 0, SECOND_ARGUMENT), (EQUAL, 1, 0, FIONBIO), NO, YES,
    )  # fmt: skip
    return _filter(row, [*own_limits, *waiting, *_each(MAY, row, YES), NO])


def only_read_the_system() -> bool:
    """For a tool about to be executed: no network, no new process, no other limits, and of all
    files only the system's own, to be read. False where the kernel cannot do all of it."""
    row = _row()
    if row is None:
        return False
    # A new thread may be started, a new process not; the C library falls back from clone3.
    threads = (
        (EQUAL, 0, 4, CLONE[row]),
        (LOAD, 0, 0, FIRST_ARGUMENT), (ANY_BIT, 1, 0, CLONE_THREAD), NO, YES,
        (EQUAL, 0, 1, CLONE3[row]), (RETURN, 0, 0, REFUSE | errno.ENOSYS),
    )  # fmt: skip
    return _landlock() and _filter(row, [*threads, *_each(MAY_NOT, row, NO), YES])


def strength() -> tuple[str, ...]:
    """What this machine's kernel offers: "seccomp", "landlock"."""
    offered = []
    if _row() is not None and os.path.exists("/proc/sys/kernel/seccomp/actions_avail"):  # noqa: PTH110
        offered.append("seccomp")
    if _system_call(CREATE_RULESET, None, 0, 1) > 0:
        offered.append("landlock")
    return tuple(offered)


def _row() -> int | None:
    known = MACHINES.get(platform.machine())
    return known[0] if known else None


def _each(calls: Mapping[str, tuple[int, int]], row: int, then: Step) -> list[Step]:
    numbers = [pair[row] for pair in calls.values() if pair[row] >= 0]
    return [step for number in numbers for step in ((EQUAL, 0, 1, number), then)]


def _filter(row: int, steps: list[Step]) -> bool:
    architecture = next(value for at, value in MACHINES.values() if at == row)
    whole: list[Step] = [
        (LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, architecture), NO,
        (LOAD, 0, 0, NUMBER), (AT_LEAST, 0, 1, X32), NO,
        *steps,
    ]  # fmt: skip
    packed = b"".join(struct.pack("=HBBI", *step) for step in whole)
    program = _Program(len(whole), packed)
    try:
        _prctl(PR_SET_NO_NEW_PRIVS, 1)
        _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(program))
    except OSError:
        return False
    return True


def _landlock() -> bool:
    version = _system_call(CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    rights = max(count for since, count in FILE_RIGHTS.items() if since <= version)
    network = 0b11 if version >= 4 else 0
    # struct landlock_ruleset_attr grew with the versions; what the kernel knows is told.
    attributes = struct.pack("=QQ", (1 << rights) - 1, network)[: 16 if version >= 4 else 8]
    ruleset = _system_call(CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    for path in SYSTEM:
        with contextlib.suppress(FileNotFoundError):
            beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
            is_folder = os.path.isdir(path)  # noqa: PTH112
            rule = struct.pack("=Qi", EXECUTE_AND_READ if is_folder else 0b100, beneath)
            _system_call(ADD_RULE, ruleset, 1, rule, 0)
            os.close(beneath)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    done = _system_call(RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return done


def _system_call(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))


def _prctl(option: int, value: int, pointer: int = 0) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(pointer), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
