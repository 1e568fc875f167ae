#!/usr/bin/env python3
# Proves that results.py counts what the test programs print, and takes no silence for success.
# SPDX-License-Identifier: MIT

import unittest

import results

# As node 18 writes it: files are parents.
NODE_18 = """TAP version 13
# Subtest: /a/tests/contract/login.test.mjs
    # Subtest: logs in
    ok 1 - logs in
      ---
      duration_ms: 1.5
      ...
    # Subtest: groups
        # Subtest: are listed
        not ok 1 - are listed
          ---
          error: 'ok 1 - not a test point'
          ...
        1..1
    not ok 2 - groups
    1..2
not ok 1 - /a/tests/contract/login.test.mjs
# Subtest: second
ok 2 - second # SKIP no time
1..2
# tests 2
# pass 0
"""

CTEST = """<?xml version="1.0"?>
<testsuite name="(empty)" tests="3" failures="1" disabled="0" skipped="1">
  <testcase name="A.works" classname="A.works" time="0.1" status="run"/>
  <testcase name="A.breaks" classname="A.breaks" status="fail"><failure message="x"/></testcase>
  <testcase name="B_NOT_BUILT" classname="B" status="notrun"><skipped message="y"/></testcase>
</testsuite>
"""


class Repeat(unittest.TestCase):
    def test_what_passes_when_run_again_counts_and_is_listed(self):
        first = results.Counts(passed=7, failed=2, failures=["a", "b"])
        second = results.Counts(passed=1, failed=1, failures=["b"])
        counts = results.after_repeat(first, second)
        self.assertEqual(str(counts), "8 passed, 1 failed")
        self.assertEqual((counts.failures, counts.unstable), (["b"], ["a"]))


class Tap(unittest.TestCase):
    def test_leaves_are_counted_and_skips_are_failures(self):
        counts = results.tap(NODE_18)
        self.assertEqual(str(counts), "1 passed, 2 failed")
        self.assertEqual(counts.failures, ["are listed", "second (did not run)"])

    def test_a_parent_that_fails_by_itself_counts(self):
        text = "    ok 1 - a\n    1..1\nnot ok 1 - file\n1..1\n"
        self.assertEqual(str(results.tap(text)), "1 passed, 1 failed")

    def test_the_failure_of_one_file_does_not_hide_that_of_the_next(self):
        text = "    not ok 1 - a\nnot ok 1 - f\n    ok 1 - b\nnot ok 2 - g\n1..2\n"
        self.assertEqual(results.tap(text).failures, ["a", "g"])

    def test_failures_are_told_with_their_reasons(self):
        told = results.tap_failures(NODE_18)
        self.assertIn("not ok 1 - are listed", told)
        self.assertIn("not a test point", told)
        self.assertNotIn("logs in", told)

    def test_a_file_without_tests_a_broken_run_and_an_empty_one_are_failures(self):
        self.assertEqual(results.tap("ok 1 - /a/b.test.mjs\n1..1\n").failed, 1)
        self.assertEqual(results.tap("ok 1 - a\n").failed, 1)
        self.assertEqual(results.tap("1..0\n").failed, 1)
        self.assertGreater(results.tap("").failed, 0)


class Junit(unittest.TestCase):
    def test_what_did_not_run_has_failed(self):
        counts = results.junit(CTEST)
        self.assertEqual(str(counts), "1 passed, 2 failed")
        self.assertEqual(counts.failures, ["A.breaks", "B_NOT_BUILT (did not run)"])

    def test_nothing_and_nonsense_are_failures(self):
        self.assertEqual(results.junit("<testsuite/>").failed, 1)
        self.assertEqual(results.junit("").failed, 1)


class Unittest(unittest.TestCase):
    def test_counts_are_read(self):
        self.assertEqual(str(results.unittest("Ran 3 tests in 0.1s\n\nOK\n")), "3 passed, 0 failed")
        text = "FAIL: test_a (b.C)\nRan 3 tests in 0.1s\n\nFAILED (failures=1, skipped=1)\n"
        self.assertEqual(str(results.unittest(text)), "1 passed, 2 failed")
        self.assertEqual(results.unittest("Traceback").failed, 1)


class Sums(unittest.TestCase):
    def test_counts_add_up(self):
        sum_of_all = results.Counts()
        sum_of_all.add(results.checked(True, "a"))
        sum_of_all.add(results.checked(False, "b"))
        self.assertEqual(str(sum_of_all), "1 passed, 1 failed")
        self.assertEqual(sum_of_all.failures, ["b"])


if __name__ == "__main__":
    unittest.main()
