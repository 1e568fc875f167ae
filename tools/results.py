# How many tests passed and failed, read from what ctest, node, vitest and unittest print.
# SPDX-License-Identifier: MIT
"""Whatever is not a test that ran and passed counts as failed: skipped, cancelled, not built.

A suite in which no test was found has failed, too: it is the commonest way to test nothing.
What failed and then passed when it was run again, alone, counts as passed, but is listed: a test
that depends on how busy the machine is wants mending.
"""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    unstable: list[str] = field(default_factory=list)

    def fail(self, name):
        self.failed += 1
        self.failures.append(name)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.failures += other.failures
        self.unstable += other.unstable

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed"


def after_repeat(first, second):
    """The counts of tests whose failures of a first run were given a second one.

    `second` has what was run again, and `first` what need not be, beside those failures.
    """
    counts = Counts(first.passed + second.passed, second.failed, list(second.failures))
    counts.unstable = [name for name in first.failures if name not in second.failures]
    return counts


def checked(ok, name):
    """The counts of one check."""
    counts = Counts()
    if ok:
        counts.passed = 1
    else:
        counts.fail(name)
    return counts


def not_empty(counts, what):
    if counts.passed + counts.failed == 0:
        counts.fail(f"no test was found in {what}")
    return counts


def junit(text):
    """JUnit's XML as ctest and vitest write it."""
    counts = Counts()
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        counts.fail(f"a JUnit report that cannot be read: {error}")
        return counts
    for case in root.iter("testcase"):
        name = case.get("name", "?")
        if any(case.find(tag) is not None for tag in ("failure", "error")):
            counts.fail(name)
        elif case.find("skipped") is not None or case.get("status", "run") != "run":
            counts.fail(f"{name} (did not run)")
        else:
            counts.passed += 1
    return not_empty(counts, "the JUnit report")


TEST_POINT = re.compile(r"^( *)(not )?ok \d+(?: - (.*?))?(?: # (SKIP|TODO)\b.*)?$", re.M | re.I)
PLAN = re.compile(r"^1\.\.\d+$", re.M)


def tap(text):
    """TAP as `node --test` writes it: a test's subtests come before it, indented by four.

    Counts the leaves, and parents that failed though none of their children did (a hook, or a file
    that broke after its last test). A file without a test is a leaf that has the file's name.
    """
    counts = Counts()
    depth_before = 0
    failed_below = {}  # depth -> did a test of that depth fail since its parent began?
    for match in TEST_POINT.finditer(text):
        depth = len(match[1])
        name = (match[3] or "?").replace("\\#", "#")
        is_parent = depth_before > depth
        children_failed = any(failed_below.pop(below, False) for below in list(failed_below)
                              if below > depth)
        depth_before = depth
        failed = match[2] is not None
        failed_below[depth] = failed_below.get(depth, False) or failed
        if failed:
            if not (is_parent and children_failed):
                counts.fail(name)
        elif is_parent:
            continue
        elif match[4] is not None:
            counts.fail(f"{name} (did not run)")
        elif re.search(r"[/\\].*\.(?:test|spec)\.\w+$", name):
            counts.fail(f"{name} (has no test)")
        else:
            counts.passed += 1
    if not PLAN.search(text):
        counts.fail("the test run broke off")
    return not_empty(counts, "the TAP report")


def tap_failures(text):
    """The test points that failed, with what is said about each."""
    blocks = re.findall(r"^ *not ok .*\n(?: *---\n(?:.*\n)*? *\.\.\.\n)?", text, re.M)
    return "".join(blocks)


def unittest(text):
    """The closing lines of Python's unittest."""
    counts = Counts()
    ran = re.search(r"^Ran (\d+) tests? in ", text, re.M)
    if not ran:
        counts.fail("unittest did not finish")
        return counts
    if verdict := re.search(r"^(?:FAILED|OK) \((.*)\)$", text, re.M):
        counts.failed = sum(int(number) for number in re.findall(r"=(\d+)", verdict[1]))
    counts.failures = re.findall(r"^(?:FAIL|ERROR): (.*)$", text, re.M)
    counts.passed = max(0, int(ran[1]) - counts.failed)
    return not_empty(counts, "the Python tests")
