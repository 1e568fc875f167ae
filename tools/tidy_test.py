#!/usr/bin/env python3
# Proves that every rule of tidy.py can fire, and that it lets right code pass.
# SPDX-License-Identifier: MIT

import os
import shutil
import tempfile
import unittest
from pathlib import Path

import tidy
from tidy import Source


def fired(rule, path, text):
    return [str(finding) for finding in rule(Source(path, text))]


class Sizes(unittest.TestCase):
    def test_a_file_of_601_lines_is_found(self):
        self.assertEqual(fired(tidy.file_length, "lib/net/a.cpp", "\n" * 600), [])
        self.assertEqual(len(fired(tidy.file_length, "lib/net/a.cpp", "\n" * 601)), 1)
        self.assertEqual(fired(tidy.file_length, "docs/long.md", "\n" * 900), [])

    def test_a_line_of_101_columns_is_found_and_columns_are_characters(self):
        self.assertEqual(fired(tidy.line_length, "a.ts", "群" * 100), [])
        self.assertEqual(len(fired(tidy.line_length, "a.ts", "ok\n" + "x" * 101)), 1)
        self.assertEqual(fired(tidy.line_length, "a.mjs", "x" * 110), [])
        self.assertEqual(len(fired(tidy.line_length, "a.mjs", "x" * 111)), 1)

    def test_a_function_of_71_lines_is_found_where_it_begins(self):
        def body(lines):
            return "namespace a {\nclass B {\n public:\n  void f(int x) {\n" + (
                "    g({1}, [] { return 2; });\n" * (lines - 2) + "  }\n};\n}\n"
            )

        self.assertEqual(fired(tidy.function_length, "lib/a.cpp", body(70)), [])
        [finding] = fired(tidy.function_length, "lib/a.cpp", body(71))
        self.assertTrue(finding.startswith("lib/a.cpp:4: a function of 71 lines"), finding)

    def test_python_functions_are_measured_too(self):
        text = "def f():\n" + "    g()\n" * 70
        self.assertEqual(len(fired(tidy.function_length, "tools/a.py", text)), 1)


class FunctionsOfCxx(unittest.TestCase):
    def spans(self, text):
        return list(tidy.functions(Source("a.cpp", text).code))

    def test_a_constructor_with_braces_in_its_initializers_is_one_function(self):
        text = "A::A()\n    : b_{1},\n      c_(2) {\n  d();\n}\nint f() {\n}\n"
        self.assertEqual(self.spans(text)[-2:], [(1, 5), (6, 7)])

    def test_tables_and_types_are_not_functions(self):
        self.assertEqual(self.spans("constexpr Row rows[] = {\n  {1, 2},\n};\n"), [])
        self.assertEqual(self.spans("struct A {\n  int b = 1;\n};\nenum class B {\n  c\n};\n"), [])

    def test_template_parameters_do_not_make_a_function_a_type(self):
        text = "template <class T, class U = B<C<T>>>\nvoid f(T t) {\n  g();\n}\n"
        self.assertEqual(self.spans(text), [(1, 4)])

    def test_default_arguments_comments_strings_and_macros_do_not_confuse_it(self):
        text = '#define M(x) \\\n  do {\nvoid f(A a = {1}) {\n  // }\n  g("}", \'}\', 1\'000);\n}\n'
        self.assertEqual(self.spans(text), [(3, 6)])

    def test_raw_strings_are_strings(self):
        self.assertEqual(self.spans('void f() {\n  g(R"sql(}}}\n)sql");\n}\nint b;\n'), [(1, 4)])

    def test_a_fuzzer_entry_is_a_function_and_a_linkage_block_is_not(self):
        self.assertEqual(self.spans('extern "C" int f(int a) {\n}\n'), [(1, 2)])
        self.assertEqual(self.spans('extern "C" {\nint f(int a) {\n}\n}\n'), [(2, 3)])


class Floors(unittest.TestCase):
    def test_an_upward_include_is_found(self):
        self.assertEqual(len(fired(tidy.floors, "lib/net/a.cpp", '#include "engineio/b.hpp"\n')), 1)
        self.assertEqual(fired(tidy.floors, "lib/engineio/a.cpp", '#include "net/b.hpp"\n'), [])

    def test_storage_and_chat_cannot_see_a_socket_nor_the_library_a_user(self):
        for path, header in [
            ("server/storage/a.cpp", "net/workers.hpp"),
            ("server/chat/a.cpp", "socketio/server.hpp"),
            ("lib/socketio/a.cpp", "chat/model.hpp"),
            ("server/storage/a.cpp", "chat/model.hpp"),
        ]:
            self.assertEqual(len(fired(tidy.floors, path, f'#include "{header}"\n')), 1, path)

    def test_api_sees_public_headers_only(self):
        self.assertEqual(fired(tidy.floors, "server/api/a.cpp", '#include "net/router.hpp"\n'), [])
        for header in ("net/connection.hpp", "socketio/hub.hpp", "storage/users.hpp",
                       "app/config.hpp"):
            found = fired(tidy.floors, "server/api/a.cpp", f'#include "{header}"\n')
            self.assertEqual(len(found), 1, header)

    def test_an_include_without_its_floor_and_a_folder_that_is_none_are_found(self):
        self.assertEqual(len(fired(tidy.floors, "lib/net/a.cpp", '#include "b.hpp"\n')), 1)
        self.assertEqual(len(fired(tidy.floors, "lib/utils/a.cpp", "")), 1)

    def test_every_floor_of_the_table_is_known(self):
        for allowed in tidy.FLOORS.values():
            for name in allowed:
                self.assertIn(name.partition("/")[0].partition(":")[0], tidy.FLOORS)

    def test_an_example_uses_public_headers(self):
        rule = tidy.examples_use_public_headers
        self.assertEqual(fired(rule, "examples/a.cpp", '#include "socketio/server.hpp"\n'), [])
        self.assertEqual(len(fired(rule, "examples/a.cpp", '#include "socketio/hub.hpp"\n')), 1)


class Words(unittest.TestCase):
    good_header = "// A thing, and what it is\n// for.\n//\n// SPDX-License-Identifier: MIT\n"

    def test_a_header_opens_with_a_sentence_and_pragma_once(self):
        rule = tidy.header_opening
        self.assertEqual(fired(rule, "lib/net/a.hpp", self.good_header + "#pragma once\n"), [])
        self.assertEqual(len(fired(rule, "lib/net/a.hpp", self.good_header + "#ifndef A\n")), 1)
        self.assertEqual(len(fired(rule, "a.hpp", "// Thing\n#pragma once\n")), 1)
        self.assertEqual(len(fired(rule, "a.hpp", "#pragma once\n")), 1)

    def test_a_missing_licence_line_is_found(self):
        self.assertEqual(fired(tidy.licence, "a.hpp", self.good_header), [])
        self.assertEqual(len(fired(tidy.licence, "a.cpp", "int a;\n")), 1)
        self.assertEqual(len(fired(tidy.licence, "run", "#!/bin/sh\n")), 1)

    def test_a_todo_needs_its_issue(self):
        self.assertEqual(fired(tidy.owned_todos, "a.cpp", "// TODO(#12): later\n"), [])
        self.assertEqual(len(fired(tidy.owned_todos, "a.cpp", "// TODO: later\n")), 1)

    def test_unfinished_words_are_found_but_not_the_protocol_s_and_html_s(self):
        rule = tidy.finished_words
        self.assertEqual(fired(rule, "lib/a.cpp", 'json["_placeholder"]'), [])
        self.assertEqual(fired(rule, "web/src/a.tsx", '<input placeholder="Name" />'), [])
        self.assertEqual(len(fired(rule, "server/a.cpp", "// a Mock of it\n")), 1)
        self.assertEqual(fired(rule, "tests/unit/a.cpp", "// a fake clock\n"), [])

    def test_a_path_of_one_machine_is_found(self):
        home = "/" + "home/somebody/coterie"
        self.assertEqual(len(fired(tidy.machine_paths, "docs/a.md", f"see {home}\n")), 1)
        self.assertEqual(fired(tidy.machine_paths, "docs/a.md", f"https://a.example{home}\n"), [])


class Cxx(unittest.TestCase):
    def test_using_namespace_is_found(self):
        rule = tidy.using_namespace
        self.assertEqual(len(fired(rule, "lib/net/a.cpp", "using namespace std;\n")), 1)
        self.assertEqual(fired(rule, "lib/net/a.cpp", "// using namespace std;\n"), [])

    def test_raw_memory_is_found_outside_its_list(self):
        rule = tidy.raw_memory
        self.assertEqual(len(fired(rule, "lib/net/a.cpp", "auto a = new B(1);\ndelete a;\n")), 2)
        fine = "A(const A&) = delete;\n::new (at) B(1);\nf(\"new\");  // a new one\n"
        fine += "return std::unique_ptr<Listener>(new Listener(fd));\n"
        self.assertEqual(fired(rule, "lib/net/a.cpp", fine), [])
        self.assertEqual(fired(rule, "lib/base/task.hpp", "new B(1)"), [])

    def test_every_exception_names_a_file_that_exists(self):
        top = Path(tidy.__file__).resolve().parent.parent
        for _, path in tidy.ALLOWED:
            self.assertTrue((top / path).is_file(), path)

    def test_threads_start_in_net_only(self):
        rule = tidy.threads
        self.assertEqual(len(fired(rule, "server/app/a.cpp", "std::thread t(f);\n")), 1)
        self.assertEqual(fired(rule, "lib/net/a.cpp", "std::thread t(f);\n"), [])
        self.assertEqual(fired(rule, "server/a.cpp", "std::thread::hardware_concurrency()"), [])

    def test_a_unit_test_that_sleeps_is_found(self):
        rule = tidy.unit_tests_do_not_sleep
        text = "std::this_thread::sleep_for(1s);\n"
        self.assertEqual(len(fired(rule, "tests/unit/a_test.cpp", text)), 1)
        self.assertEqual(fired(rule, "tests/fault/a.cpp", text), [])

    def test_vague_names_are_found(self):
        self.assertEqual(len(fired(tidy.vague_names, "lib/a.hpp", "class SocketManager {};\n")), 1)
        self.assertEqual(len(fired(tidy.vague_names, "lib/net/string_utils.cpp", "")), 1)
        self.assertEqual(fired(tidy.vague_names, "lib/a.hpp", "class Database {};\n"), [])

    def test_a_test_s_name_is_a_sentence(self):
        rule = tidy.test_names
        self.assertEqual(fired(rule, "tests/a.cpp", "TEST(Session, closes_when_late) {}\n"), [])
        self.assertEqual(len(fired(rule, "tests/a.cpp", "TEST(Session, CloseTest) {}\n")), 1)

    def test_a_test_that_is_switched_off_is_found(self):
        rule = tidy.no_skipped_tests
        self.assertEqual(len(fired(rule, "tests/a.mjs", "test.skip('a', f)\n")), 1)
        self.assertEqual(len(fired(rule, "tests/unit/a.cpp", "GTEST_SKIP();\n")), 1)


class Documents(unittest.TestCase):
    def test_a_link_to_nowhere_is_found(self):
        self.assertEqual(len(fired(tidy.links, "a.md", "[a](no/such/file.md)\n")), 1)
        self.assertEqual(fired(tidy.links, "a.md", "[a](https://example.org) [b](#c)\n"), [])

    def test_a_tree_that_names_too_much_or_too_little_is_found(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        for path in ("lib/net/shard.hpp", "lib/net/shard.cpp", "lib/net/http.hpp", "run"):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).touch()
        top = "# A\n\n## The tree\n\n```\nrun   starts\nlib/  STOREY 1\n  net/  floor 1\n"
        right = top + "    shard, http   two nouns\n```\n"
        self.assertEqual(fired(tidy.tree, "ARCHITECTURE.md", right), [])
        too_much = fired(tidy.tree, "ARCHITECTURE.md", right.replace("shard,", "shard, hub,"))
        self.assertEqual(too_much, ["ARCHITECTURE.md:9: there is no lib/net/hub"])
        too_little = fired(tidy.tree, "ARCHITECTURE.md", top + "    shard   one\n```\n")
        self.assertEqual(len(too_little), 1)
        self.assertIn("does not name lib/net/http", too_little[0])
        self.assertEqual(len(fired(tidy.tree, "ARCHITECTURE.md", "# A\n")), 1)


class Format(unittest.TestCase):
    def test_code_that_clang_format_would_change_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.cpp")
            Path(path).write_text("int  f( ){return 1 ;}\n")
            [finding] = tidy.formatted([path])
            self.assertEqual(finding.path, path)
            Path(path).write_text("int a;\n")
            self.assertEqual(tidy.formatted([path]), [])
        self.assertIsNotNone(shutil.which("clang-format-19"))


class Rules(unittest.TestCase):
    def test_every_rule_is_tried_here(self):
        tests = Path(__file__).read_text()
        for rule in tidy.RULES:
            self.assertIn(f"tidy.{rule.__name__}", tests)


if __name__ == "__main__":
    unittest.main()
