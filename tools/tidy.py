#!/usr/bin/env python3
# The house rules as a test: one line for each finding, and failure when there is one.
# SPDX-License-Identifier: MIT
"""Checks what a script can check of ARCHITECTURE.md and CONTRIBUTING.md.

Every rule is a function from a Source to its findings, listed in RULES; tidy_test.py proves that
each can fire. The rules read text, not a syntax tree: comments and strings are blanked first, and
what they take for a function is explained at functions(). That is exact enough for code that
clang-format has laid out, and the whole tree takes about a second.
"""

import ast
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path

LINES_MAX = 600
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
TABLE_COLUMNS_MAX = 110  # Tests over the wire are tables, and a row is best read whole.

CXX = (".cpp", ".hpp")
SCRIPT = (".ts", ".tsx", ".mjs")
CODE = CXX + SCRIPT + (".py",)
DATA = (".md", ".txt", ".cmake", ".json", ".yaml", ".yml", ".toml", ".sql", ".html", ".css", "")
TEXT = CODE + DATA
SKIPPED_FOLDERS = {".git", "build", "data", "node_modules", "dist", "corpus"}
SKIPPED_FILES = {".git", "package-lock.json", "schema.d.ts"}  # What programs write.

# Who may include whom (ARCHITECTURE.md has the same table): floor -> what it may see of others.
# "net" is a whole floor, "net/http" one header.
FLOORS = {
    "base": [],
    "net": ["base"],
    "engineio": ["net", "base"],
    "socketio": ["engineio", "net", "base"],
    "redis": ["socketio", "engineio/packet", "net", "base"],
    "storage": ["redis/client", "base"],
    "chat": ["storage", "base"],
    "api": ["chat", "socketio:public", "net:public", "base", "web"],
    "app": ["api", "chat", "storage", "socketio", "redis", "engineio", "net", "base", "web"],
    "web": [],  # The page as bytes
}
PUBLIC = {
    "net": {"content_coding", "deflate", "http", "http_limits", "http_status", "multipart",
            "networks", "router", "shard", "shards", "tls", "workers"},
    "engineio": {"cookie", "cors", "decision", "frame", "handshake", "options", "packet", "server",
                 "session", "transport"},
    "redis": {"address", "client", "pubsub_adapter", "streams_adapter"},
    "socketio": {"ack", "adapter", "arguments", "audience", "broadcast", "handlers", "handshake",
                 "limits", "listeners", "namespace", "namespaces", "next", "recovery",
                 "remote_socket", "server", "socket", "socket_ref"},
}

# Where a banned thing is right, and why.
ALLOWED = {
    ("raw memory", "lib/base/task.hpp"): "keeps what does not fit in place on the heap",
    ("raw memory", "lib/base/bytes.hpp"): "puts count, size and bytes into one allocation",
    ("placeholder", "lib/socketio/arguments.hpp"): "the protocol's word for where bytes belong",
    ("placeholder", "lib/socketio/decoder.cpp"): "the protocol's word for where bytes belong",
}


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


# Comments, raw strings, strings, characters. The quote in 1'000 is none of them.
LITERAL = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?<!\w)(?:u8|[uUL])?R"(?P<delimiter>[^()\\\s]{0,16})\(.*?\)(?P=delimiter)"
      | "(?:\\.|[^"\\\n])*"
      | (?<!\w)(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'""",
    re.S | re.X,
)


def blank(text):
    return re.sub(r"[^\n]", " ", text)


class Source:
    """One file: its path from the top of the repository, with forward slashes, and its text."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.suffix = Path(path).suffix
        self.lines = text.splitlines()

    @cached_property
    def code(self):
        """The text with comments and the insides of strings blanked, every line in its place."""
        return LITERAL.sub(lambda match: blank(match[0]), self.text)

    def is_under(self, *folders):
        return self.path.startswith(tuple(folder + "/" for folder in folders))

    def finding(self, line, text):
        return Finding(self.path, line, text)

    def found(self, pattern, text, words):
        """A finding for each match of `pattern` in `text`, which has this file's lines."""
        for match in re.finditer(pattern, text):
            yield self.finding(line_of(text, match.start()), words.format(match[0].strip()))


def line_of(text, position):
    return text.count("\n", 0, position) + 1


# -- rules: sizes ---------------------------------------------------------------------------------


def file_length(source):
    if source.suffix in CODE and len(source.lines) > LINES_MAX:
        yield source.finding(1, f"{len(source.lines)} lines; the house stops at {LINES_MAX}")


def line_length(source):
    if source.suffix not in CODE:
        return
    most = TABLE_COLUMNS_MAX if source.suffix == ".mjs" else COLUMNS_MAX
    for number, line in enumerate(source.lines, 1):
        if len(line) > most:
            yield source.finding(number, f"{len(line)} columns; the house stops at {most}")


def function_length(source):
    if source.suffix in CXX:
        spans = functions(source.code)
    elif source.suffix == ".py":
        spans = python_functions(source.text)
    else:
        return
    for first, last in spans:
        if last - first + 1 > FUNCTION_LINES_MAX:
            length = last - first + 1
            text = f"a function of {length} lines; the house stops at {FUNCTION_LINES_MAX}"
            yield source.finding(first, text)


def functions(code):
    """First and last line of each C++ function definition in blanked code.

    Scopes of namespaces and types are entered. Any other block found there whose declaration has
    a parenthesis is a function, counted from its signature to its closing brace; lambdas and local
    types count as part of the function they are in. `Foo() : a_{1} {…}` is one declaration with two
    blocks. Preprocessor lines are not read.
    """
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda match: blank(match[0]), code, flags=re.M)
    begin = 0  # Of the declaration at hand
    parentheses = 0
    position = 0
    while match := re.compile(r"[(){};]").search(code, position):
        at, position = match.start(), match.end()
        if match[0] in "()":
            parentheses = max(0, parentheses + (1 if match[0] == "(" else -1))
        elif match[0] in ";}":
            if parentheses == 0:
                begin = position
        elif parentheses > 0:
            position = end_of_block(code, at)
        elif opens_scope(code[begin:at]):
            begin = position
        else:
            position = end_of_block(code, at)
            declaration = without_labels(code[begin:at])
            if "(" in declaration:
                start = begin + len(declaration) - len(declaration.lstrip())
                yield line_of(code, start), line_of(code, position - 1)
            if not re.match(r"\s*[,{]", code[position:]):
                begin = position


def without_labels(declaration):
    labels = r"\b(?:public|private|protected)\s*:"
    return re.sub(labels, lambda match: blank(match[0]), declaration)


def opens_scope(declaration):
    declaration = re.sub(r"template\s*<(?:[^<>]|<(?:[^<>]|<[^<>]*>)*>)*>", "", declaration)
    if declaration.strip() == "extern":
        return True
    before_parameters = re.sub(r"alignas\s*\([^)]*\)", "", declaration).partition("(")[0]
    return re.search(r"\b(?:namespace|class|struct|union|enum)\b", before_parameters) is not None


def end_of_block(code, brace):
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, brace):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return match.end()
    return len(code)


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.end_lineno


# -- rules: floors --------------------------------------------------------------------------------


def includes(source):
    """The quoted includes of a file, with their lines."""
    if source.suffix in CXX:
        for number, line in enumerate(source.lines, 1):
            if match := re.match(r'\s*#\s*include\s*"([^"]+)"', line):
                yield number, match[1]


def floors(source):
    parts = source.path.split("/")
    if len(parts) < 3 or parts[0] not in ("lib", "server"):
        return
    floor = parts[1]
    if floor not in FLOORS:
        yield source.finding(1, f"{parts[0]}/{floor} is no floor of the house")
        return
    for number, header in includes(source):
        target, _, name = header.partition("/")
        if target not in FLOORS or not name:
            yield source.finding(number, f'"{header}" names no floor: write "base/result.hpp"')
        elif target != floor and not may_include(floor, target, header.removesuffix(".hpp")):
            yield source.finding(number, f'{floor} may not include "{header}"')


def may_include(floor, target, header):
    allowed = FLOORS[floor]
    return (
        target in allowed
        or header in allowed
        or (f"{target}:public" in allowed and header.partition("/")[2] in PUBLIC[target])
    )


def examples_use_public_headers(source):
    if not source.is_under("examples"):
        return
    for number, header in includes(source):
        floor, _, name = header.removesuffix(".hpp").partition("/")
        if name and floor != "base" and name not in PUBLIC.get(floor, ()):
            yield source.finding(number, f'an example may not need "{header}": it is not public')


# -- rules: words ---------------------------------------------------------------------------------


def header_opening(source):
    if source.suffix != ".hpp":
        return
    comment = []
    for line in source.lines:
        if not line.startswith("//"):
            break
        comment.append(line[2:].strip())
    opening = takewhile(lambda line: line and not line.startswith("SPDX"), comment)
    sentence = " ".join(opening)
    if len(sentence.split()) < 3 or not sentence.endswith((".", ":", "!", "?")):
        yield source.finding(1, "a header opens with a sentence that says what it is")
    if next(iter(source.lines[len(comment) :]), "") != "#pragma once":
        yield source.finding(len(comment) + 1, "#pragma once follows the opening comment")


def licence(source):
    is_script = source.text.startswith("#!")
    if source.suffix in CXX + (".py",) or is_script:
        if not any("SPDX-License-Identifier: MIT" in line for line in source.lines[:25]):
            yield source.finding(1, "the line `SPDX-License-Identifier: MIT` is missing")


def owned_todos(source):
    if source.suffix not in CODE or source.is_under("tools"):  # They read and check such words.
        return
    for number, line in enumerate(source.lines, 1):
        match = re.search(r"\b(?:TODO|FIXME|XXX|HACK)\b", line)
        if match and not re.search(r"#\d", line):
            yield source.finding(number, f"{match[0]} needs the #number of its issue")


def finished_words(source):
    if not source.is_under("lib", "server", "web/src"):
        return
    words = r"(?i)(?<!::)\b(?:stub|mock|fake|placeholder|dummy)\b(?!\s*[=:])"
    if ("placeholder", source.path) in ALLOWED:
        words = words.replace("|placeholder", "")
    yield from source.found(words, source.text, "the word “{}”: is this real?")


def machine_paths(source):
    if source.suffix in TEXT:
        paths = r"(?<![\w./-])/(?:work|home|root|Users)/[\w.]+"
        yield from source.found(paths, source.text, "{} is a path of one machine")


# -- rules: C++ -----------------------------------------------------------------------------------


def using_namespace(source):
    if source.suffix in CXX and source.is_under("lib", "server"):
        yield from source.found(r"\busing\s+namespace\b", source.code, "`{}` is banned")


def raw_memory(source):
    if source.suffix not in CXX or not source.is_under("lib", "server"):
        return
    if ("raw memory", source.path) not in ALLOWED:
        # What becomes a unique_ptr at once has its owner: private constructors need it so.
        owned = r"unique_ptr<[\w:<> ]+>\(new\b"
        code = re.sub(owned, lambda match: blank(match[0]), source.code)
        # Placement new has a parenthesis; `= delete` deletes nothing; operators are declarations.
        pattern = r"(?<!operator )\bnew\b(?!\s*\()|(?<!operator )(?<!=)(?<!= )\bdelete\b"
        yield from source.found(pattern, code, "raw `{}`: let an owner do it")


def threads(source):
    if source.suffix in CXX and source.is_under("lib", "server"):
        if not source.is_under("lib/net", "lib/redis"):
            pattern = r"\bstd::j?thread\b(?!::)|\bpthread_create\b|\bstd::async\b"
            yield from source.found(pattern, source.code, "`{}`: threads start in lib/net")


def unit_tests_do_not_sleep(source):
    if source.suffix in CXX and source.is_under("tests/unit"):
        pattern = r"\b(?:sleep_for|sleep_until|u?sleep|nanosleep)\b(?=\s*\()"
        yield from source.found(pattern, source.code, "`{}` in a unit test: use a manual clock")


def vague_names(source):
    if source.suffix in CXX:
        endings = r"\b(?:class|struct)\s+\w*(?:Manager|Helper|Utils?|Impl|Base|Data|Info)\b(?!::)"
        yield from source.found(endings, source.code, "`{}` names no idea")
    if re.search(r"(?:^|/)(?:\w+_)?(?:helpers?|utils?|manager|common|misc)\.\w+$", source.path):
        yield source.finding(1, "the file's name names no idea")


def test_names(source):
    if source.suffix not in CXX or not source.is_under("tests"):
        return
    for match in re.finditer(r"\bTEST(?:_F|_P)?\(\s*\w+\s*,\s*(\w+)\s*\)", source.code):
        if not re.fullmatch(r"[a-z0-9]+(?:_[a-z0-9]+)+", match[1]):
            line = line_of(source.code, match.start())
            yield source.finding(line, f"the test's name `{match[1]}` is no sentence")


def no_skipped_tests(source):
    if source.suffix in CODE and source.is_under("tests", "web"):
        switched_off = r"\bGTEST_SKIP\b|\bDISABLED_\w+|\bxit\("
        pattern = switched_off + r"|\b(?:it|test|describe)\.(?:skip|only|todo)\b"
        yield from source.found(pattern, source.code, "`{}`: a test that does not run is none")


# -- rules: documents -----------------------------------------------------------------------------


def links(source):
    """Relative links of a document lead to files that exist."""
    if source.suffix != ".md":
        return
    folder = Path(source.path).parent
    for match in re.finditer(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", source.text):
        if not re.match(r"[a-z]+:", match[1]) and not (folder / match[1]).exists():
            line = line_of(source.text, match.start())
            yield source.finding(line, f"the link {match[1]} leads nowhere")


def tree(source):
    """The tree of ARCHITECTURE.md names what exists, and every noun of lib/ and server/.

    Its lines are `noun, noun   what it is` under `folder/`, indented by two: `shard` stands for
    shard.hpp and shard.cpp.
    """
    if source.path != "ARCHITECTURE.md":
        return
    if not (block := re.search(r"^## The tree\n.*?^```\n(.*?)^```$", source.text, re.S | re.M)):
        yield source.finding(1, "the section `## The tree` has no block with the tree")
        return
    first = line_of(source.text, block.start(1))
    named = set()
    folders = []
    for number, line in enumerate(block[1].splitlines(), first):
        entry = re.match(r"( *)(\S+(?:, \S+)*)(?:  .*)?$", line)
        if not entry:
            continue
        del folders[len(entry[1]) // 2 :]
        for name in entry[2].split(", "):
            path = "/".join([*folders, name.rstrip("/")])
            named.add(path)
            if not Path(path).exists() and not list(Path(path).parent.glob(f"{name}.*")):
                yield source.finding(number, f"there is no {path}")
        if entry[2].endswith("/"):
            folders.append(entry[2].rstrip("/"))
    for path in sorted({path.with_suffix("") for top in ("lib", "server")
                        for path in Path(top).glob("*/*") if path.suffix in CXX}):
        if path.as_posix() not in named:
            yield source.finding(first, f"the tree does not name {path.as_posix()}")


RULES = [
    file_length,
    line_length,
    function_length,
    floors,
    examples_use_public_headers,
    header_opening,
    licence,
    owned_todos,
    finished_words,
    machine_paths,
    using_namespace,
    raw_memory,
    threads,
    unit_tests_do_not_sleep,
    vague_names,
    test_names,
    no_skipped_tests,
    links,
    tree,
]


def check(source):
    return [finding for rule in RULES for finding in rule(source)]


def formatted(paths):
    """What clang-format would change: one call for all files, one finding for each."""
    if not paths:
        return []
    try:
        command = ["clang-format-19", "--dry-run", "--Werror", "--ferror-limit=1", *paths]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return [Finding("tools/packages", 1, "clang-format-19 is not installed")]
    found = {}
    for match in re.finditer(r"^(.+?):(\d+):\d+: error: (.*)$", done.stderr, re.M):
        finding = Finding(match[1], int(match[2]), "not as clang-format-19 has it")
        found.setdefault(match[1], finding)
    if done.returncode != 0 and not found:
        return [Finding(".clang-format", 1, done.stderr.strip())]
    return list(found.values())


def files():
    """Every text file of the working tree, from the current folder, committed or not."""
    for folder, folders, names in os.walk("."):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), ".")
            if Path(path).suffix in TEXT and name not in SKIPPED_FILES:
                yield path


def main():
    os.chdir(Path(__file__).resolve().parent.parent)
    findings = []
    paths = []
    for path in files():
        try:
            text = Path(path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        paths.append(path)
        findings += check(Source(path, text))
    findings += formatted([path for path in paths if path.endswith(CXX)])
    for finding in findings:
        print(finding)
    count = len(findings)
    verdict = "no findings" if count == 0 else f"{count} finding{'s' if count > 1 else ''}"
    print(f"tidy: {len(paths)} files, {verdict}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
