#!/usr/bin/env python3
# Proves that a command is stopped at its limit and that what it leaves behind is found and ended.
# SPDX-License-Identifier: MIT

import os
import tempfile
import time
import unittest
from pathlib import Path

import processes


class Run(unittest.TestCase):
    def setUp(self):
        processes.become_subreaper()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = Path(folder.name) / "log"

    def test_success_failure_and_a_missing_program_are_told_apart(self):
        self.assertTrue(processes.run(["echo", "hello"], self.log, 10))
        self.assertFalse(processes.run(["false"], self.log, 10))
        self.assertFalse(processes.run(["no-such-program"], self.log, 10))
        self.assertIn("hello", self.log.read_text())
        self.assertEqual(processes.leftovers(), [])

    def test_a_command_is_stopped_at_its_limit_with_its_children(self):
        begin = time.monotonic()
        self.assertFalse(processes.run(["sh", "-c", "sleep 61 & sleep 62"], self.log, 0.2))
        self.assertLess(time.monotonic() - begin, 10)
        self.assertIn("stopped after", self.log.read_text())
        self.assertEqual(processes.leftovers(0), [])

    def test_a_process_that_hides_in_a_session_of_its_own_is_found_and_ended(self):
        processes.run(["sh", "-c", "setsid sleep 63 >/dev/null 2>&1 & sleep 0.1"], self.log, 10)
        self.assertEqual(processes.leftovers(0.1), ["sleep 63"])
        self.assertEqual(processes.descendants(os.getpid()), [])

    def test_a_process_that_ends_in_a_moment_is_none(self):
        processes.run(["sh", "-c", "sleep 0.3 &"], self.log, 10)
        self.assertEqual(processes.leftovers(3), [])


if __name__ == "__main__":
    unittest.main()
