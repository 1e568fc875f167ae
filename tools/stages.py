#!/usr/bin/env python3
# The stages of ./test: each builds what it needs, runs its tests and counts them.
# SPDX-License-Identifier: MIT
"""A stage is a function from its log to its Counts. Its name is the function's name with dashes.

What cannot run counts as one failure and does not keep the next stage from running. The logs lie
in build/test-logs, one for each stage, with the reports that the counts were read from.
"""

import argparse
import os
import re
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import processes
import results
from results import Counts, checked

LOGS = Path("build/test-logs")
FUZZ_SECONDS = int(os.environ.get("FUZZ_SECONDS", "20"))
CORES = len(os.sched_getaffinity(0))
AT_ONCE = CORES + 1  # Files of tests in JavaScript.
BUILD_SECONDS_MAX = 40 * 60


def build(log, preset, *targets):
    begin = time.monotonic()
    is_built = processes.run(["tools/build", preset, *targets], log, BUILD_SECONDS_MAX)
    seconds = time.monotonic() - begin
    if seconds > 10:
        print(f"   {preset} built in {seconds:.0f} s", flush=True)
    return is_built


def run(log, *command, minutes=10, **options):
    return processes.run(list(command), log, minutes * 60, **options)


def text_of(log, begin=0):
    return log.read_bytes()[begin:].decode(errors="replace")


# -- the house ------------------------------------------------------------------------------------


def tidy(log):
    """the house rules"""
    counts = checked(run(log, sys.executable, "tools/tidy.py"), "tools/tidy.py")
    for tests in sorted(Path("tools").glob("*_test.py")):
        begin = log.stat().st_size
        run(log, sys.executable, tests.name, cwd="tools")
        counts.add(results.unittest(text_of(log, begin)))
    return counts


def lint(log):
    """clang-tidy over lib/ and server/ (slow, by name only)"""
    if not build(log, "dev"):
        return checked(False, "build of the dev preset")
    sources = [str(path) for top in ("lib", "server") for path in sorted(Path(top).rglob("*.cpp"))]
    command = ["run-clang-tidy-19", "-quiet", "-p", "build/dev", "-j", str(CORES), *sources]
    return checked(run(log, *command, minutes=60), "clang-tidy")


# -- C++ ------------------------------------------------------------------------------------------


def release(log):
    """the binary and the examples, as ./run builds them"""
    return Counts() if build(log, "release") else checked(False, "build of the release preset")


def unit(log):
    """unit tests, debug build"""
    return units(log, "dev")


def asan(log):
    """unit tests under AddressSanitizer and UndefinedBehaviorSanitizer"""
    return units(log, "asan")


def tsan(log):
    """unit tests under ThreadSanitizer"""
    return units(log, "tsan")


def units(log, preset):
    if not build(log, preset):
        return checked(False, f"build of the {preset} preset")
    first = ctest(log, preset, "-j", str(CORES))
    if not first.failed:
        return first
    return results.after_repeat(first, ctest(log, preset, "--rerun-failed"))


def ctest(log, preset, *choice):
    report = (LOGS / f"unit-{preset}.xml").absolute()
    report.unlink(missing_ok=True)
    environment = os.environ | {"UBSAN_OPTIONS": "print_stacktrace=1"}
    command = ["ctest", "--preset", preset, "--timeout", "120", *choice]
    succeeded = run(log, *command, "--output-junit", str(report), minutes=15, env=environment)
    counts = results.junit(report.read_text()) if report.exists() else Counts()
    if not succeeded and counts.failed == 0:
        counts.fail("ctest")
    return counts


def gcc(log):
    """lib/ and the examples compiled with g++ 12, which the library's users may have"""
    configure = ["cmake", "-S", ".", "-B", "build/gcc", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                 "-DCMAKE_CXX_COMPILER=g++-12", "-DCOTERIE_SERVER=OFF", "-DCOTERIE_REDIS=ON"]
    compiled = run(log, *configure) and run(log, "ninja", "-C", "build/gcc", minutes=40)
    return checked(compiled, "lib/ and examples/ with g++ 12")


def compiled_alone(header):
    """Its own source includes it before anything else, as the release build has shown."""
    source = header.with_suffix(".cpp")
    first = source.exists() and re.search(r'^#include ["<](.+)[">]', source.read_text(), re.M)
    return bool(first) and header.as_posix().split("/", 1)[1] == first[1]


def headers(log):
    """each header compiles alone: those that have no source of their own"""
    flags = ["-std=c++20", "-Wall", "-Wextra", "-Werror", "-Wno-pragma-once-outside-header",
             "-DSPDLOG_COMPILED_LIB", "-DSPDLOG_FMT_EXTERNAL", "-Ilib", "-Iserver"]
    paths = [path for top in ("lib", "server") for path in sorted(Path(top).rglob("*.hpp"))
             if not compiled_alone(path)]

    def compiles(path):
        part = LOGS / f"headers.{path.as_posix().replace('/', '.')}.log"
        part.unlink(missing_ok=True)
        fine = run(part, "clang++-19", *flags, "-fsyntax-only", "-x", "c++", str(path), minutes=2)
        return fine, part

    counts = Counts()
    with ThreadPoolExecutor(CORES) as pool:
        for path, (fine, part) in zip(paths, pool.map(compiles, paths), strict=True):
            counts.add(checked(fine, f"{path} alone"))
            if not fine:
                with open(log, "ab") as whole:
                    whole.write(part.read_bytes())
            part.unlink()
    return results.not_empty(counts, "lib/ and server/")


def fuzz(log):
    """each parser fed by libFuzzer for FUZZ_SECONDS, from its corpus"""
    if not build(log, "fuzz"):
        return checked(False, "build of the fuzz preset")
    names = sorted(path.stem for path in Path("fuzz").glob("*.cpp"))

    def survives(name):
        part = LOGS / f"fuzz.{name}.log"
        part.unlink(missing_ok=True)
        found = Path("build/fuzz-found", name)  # What the fuzzer learns stays out of the corpus.
        found.mkdir(parents=True, exist_ok=True)
        given = Path("fuzz/corpus", name)
        corpora = [str(found)] + ([str(given)] if given.is_dir() else [])
        limits = [f"-max_total_time={FUZZ_SECONDS}", "-timeout=10", "-rss_limit_mb=2048"]
        artifacts = f"-artifact_prefix={LOGS}/fuzz.{name}."
        program = fuzzer(name)
        return run(part, program, *limits, artifacts, "-print_final_stats=1", *corpora)

    counts = Counts()
    with ThreadPoolExecutor(CORES) as pool:
        for name, fine in zip(names, pool.map(survives, names), strict=True):
            part = LOGS / f"fuzz.{name}.log"
            counts.add(checked(fine, f"fuzz {name} ({part})"))
            if not fine:  # What it found, with the input in base64, is at the end.
                with open(log, "ab") as whole:
                    whole.write(b"\n".join(part.read_bytes().splitlines()[-50:]) + b"\n")
    return results.not_empty(counts, "fuzz/")


def fuzzer(name):
    programs = [path for path in Path("build/fuzz/fuzz").glob(f"*{name}") if path.is_file()]
    return str(programs[0]) if programs else f"build/fuzz/fuzz/{name}"


# -- over the wire --------------------------------------------------------------------------------


def web(log):
    """the page: types, and its own tests"""
    if not packages(log, "web"):
        return checked(False, "npm ci in web")
    types = checked(run(log, "npx", "--no-install", "tsc", "--noEmit", cwd="web"), "tsc in web")
    report = (LOGS / "web.xml").absolute()
    report.unlink(missing_ok=True)
    command = ["npx", "--no-install", "vitest", "run", "--reporter=junit", f"--outputFile={report}"]
    succeeded = run(log, *command, cwd="web")
    counts = results.junit(report.read_text()) if report.exists() else Counts()
    if not succeeded and counts.failed == 0:
        counts.fail("vitest")
    counts.add(types)
    return counts


def contract(log):
    """the wire contract, exchange by exchange"""
    return node_tests(log, "contract", "release", AT_ONCE)


def conformance(log):
    """Engine.IO and Socket.IO with the official clients"""
    return node_tests(log, "conformance", "release", AT_ONCE)


def fault(log):
    """cut connections, killed servers, bad input"""
    return node_tests(log, "fault", "release")


def cost(log):
    """instructions of a delivery, a send, a page and a list, under callgrind"""
    counts = node_tests(log, "cost", "release")
    for line in text_of(tap_of("instructions.test.mjs")).splitlines():
        if " instructions, " in line and "error:" not in line:
            print("  ", line.strip(" #"))
    return counts


def e2e(log):
    """browsers at the page"""
    return node_tests(log, "e2e", "release", AT_ONCE)


def backends(log):
    """the chat on real servers: databases, Redis, S3 (the suites of storage sanitized)"""
    if not build(log, "asan"):
        return checked(False, "build of the asan preset")
    tests = Path("build/asan/tests/unit/server/coterie_server_tests").absolute()
    return node_tests(log, "backends", "release", AT_ONCE, COTERIE_SERVER_TESTS=str(tests))


def contract_asan(log):
    """the wire contract against the sanitized server"""
    return node_tests(log, "contract", "asan", AT_ONCE)


def conformance_asan(log):
    """the official clients against the sanitized server and examples"""
    return node_tests(log, "conformance", "asan", AT_ONCE)


def package(log):
    """the installed library under programs of others: CMake with two compilers, and pkg-config"""
    if not build(log, "release"):
        return checked(False, "build of the release preset")
    root = Path("build/package-root").absolute()
    tree = Path("build/package").absolute()
    for old in (root, tree):
        shutil.rmtree(old, ignore_errors=True)

    def install(component):
        command = ["cmake", "--install", "build/release", "--prefix", str(root)]
        return checked(run(log, *command, "--component", component), f"install of the {component}")

    counts = install("library")
    for compiler in ("clang++-19", "g++-12"):
        counts.add(checked(find_package(log, compiler, root, tree), f"find_package, {compiler}"))
    counts.add(checked(pkg_config(log, root, tree), "pkg-config, g++-12"))
    counts.add(node_tests(log, "package", "release", COTERIE_PACKAGE=str(tree)))
    counts.add(install("server"))
    counts.add(checked(run(log, str(root / "bin/coterie"), "--version"), "the installed server"))
    counts.add(checked(library_alone(log, tree), "lib/ without the packages of server/"))
    return counts


def find_package(log, compiler, root, tree):
    configure = ["cmake", "-S", "tests/package", "-B", str(tree / compiler), "-G", "Ninja",
                 f"-DCMAKE_CXX_COMPILER={compiler}", f"-DCMAKE_PREFIX_PATH={root}"]
    return run(log, *configure) and run(log, "ninja", "-C", str(tree / compiler))


def pkg_config(log, root, tree):
    (tree / "pkg-config").mkdir(parents=True)
    command = ("g++-12 -std=c++20 -Wall -Wextra -Wpedantic -Wshadow -Werror examples/echo.cpp"
               f" $(pkg-config --cflags --libs coterie-socketio) -o '{tree}/pkg-config/echo'")
    environment = os.environ | {"PKG_CONFIG_PATH": str(root / "lib/pkgconfig")}
    return run(log, "sh", "-c", command, env=environment)


def library_alone(log, tree):
    theirs = ("CLI11", "CURL", "Freetype", "SQLite3")
    configure = ["cmake", "-S", ".", "-B", str(tree / "library"), "-G", "Ninja",
                 "-DCMAKE_CXX_COMPILER=g++-12", "-DCOTERIE_SERVER=OFF", "-DCOTERIE_EXAMPLES=OFF",
                 "-DPKG_CONFIG_EXECUTABLE=/bin/false"]  # hiredis
    return run(log, *configure, *(f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}=ON" for name in theirs))


def node_tests(log, folder, preset, at_once=1, **variables):
    """Runs the folder's files. Most wait for clocks and clients rather than for a core: of those
    that measure nothing, some may run at once."""
    tree = Path("build", preset).absolute()
    if not build(log, preset):
        return checked(False, f"build of the {preset} preset")
    if not packages(log, "tests"):
        return checked(False, "npm ci in tests")
    files = sorted(str(path) for path in Path("tests", folder).rglob("*.test.mjs"))
    if not files:
        return checked(False, f"tests/{folder} has no *.test.mjs")
    reports = LOGS / f"sanitizer-{folder}"  # A server writes its reports there, not to its log.
    for old in LOGS.glob(f"{reports.name}.*"):
        old.unlink()
    # Freed memory is not kept long: tests watch how much a server holds.
    options = f"log_path={reports.absolute()}:print_stacktrace=1:quarantine_size_mb=1"
    environment = os.environ | variables | {
        "COTERIE_BIN": str(tree / "coterie"),
        "COTERIE_EXAMPLES": str(tree / "examples"),
        "ASAN_OPTIONS": options,
        "UBSAN_OPTIONS": options,
    }
    with ThreadPoolExecutor(at_once) as pool:
        found = list(pool.map(lambda file: node_file(log, file, environment), files))
    counts = Counts()
    for file, first in zip(files, found, strict=True):
        if first.failed:  # Once more, alone.
            first = results.after_repeat(Counts(failures=first.failures),
                                         node_file(log, file, environment))
        counts.add(first)
    for report in sorted(LOGS.glob(f"{reports.name}.*")):
        counts.fail(f"a sanitizer's report: {report}")
    return counts


def node_file(log, file, environment):
    """Runs one file of tests; what it says and what failed in it is said at length in the log."""
    part = tap_of(file).with_suffix(".log")
    part.unlink(missing_ok=True)
    report = tap_of(file)
    report.unlink(missing_ok=True)
    command = ["node", "--test", "--test-reporter=tap", f"--test-reporter-destination={report}"]
    succeeded = run(part, *command, file, env=environment)
    text = report.read_text(errors="replace") if report.exists() else ""
    counts = results.tap(text)
    if not succeeded and counts.failed == 0:
        counts.fail(f"node --test {file}")
    with open(log, "a", encoding="utf-8") as whole:
        whole.write(f"{text_of(part)}{file}: {counts}\n{results.tap_failures(text)}")
    part.unlink()
    return counts


def tap_of(file):
    return LOGS / Path(file).with_suffix(".tap").name


def packages(log, folder):
    """npm ci, unless the folder's packages are those of its lock file already."""
    installed = Path(folder, "node_modules/.package-lock.json")
    wanted = Path(folder, "package-lock.json")
    if installed.exists() and installed.stat().st_mtime >= wanted.stat().st_mtime:
        return True
    return run(log, "npm", "ci", "--no-audit", "--no-fund", cwd=folder)


# -- all of it ------------------------------------------------------------------------------------

# In the order they run: what finds most for least time comes first.
ALL = [tidy, release, package, headers, web, contract, conformance, fault, cost, e2e, asan,
       backends, contract_asan, conformance_asan, tsan, fuzz, gcc]
QUICK = [tidy, unit]
BY_NAME = {stage.__name__.replace("_", "-"): stage for stage in [*ALL, unit, lint]}


def perform(name, stage):
    """Runs one stage, says how it went, and returns its counts."""
    print(f"\n== {name}: {stage.__doc__}", flush=True)
    log = LOGS / f"{name}.log"
    log.write_bytes(b"")
    begin = time.monotonic()
    try:
        counts = stage(log)
    except (OSError, ValueError) as error:
        counts = checked(False, f"{name} could not run: {error}")
    for line in processes.leftovers():
        counts.fail(f"left running: {line}")
    print(f"   {counts} in {time.monotonic() - begin:.0f} s")
    tell(counts, "   ")
    if counts.failed:
        lines = text_of(log).splitlines()
        print(f"   ... the end of {log}:", *lines[-60:], sep="\n   | ", flush=True)
    return counts


def tell(counts, indent=""):
    for name in counts.unstable:
        print(f"{indent}UNSTABLE {name} (failed, then passed when it was run again)")
    for failure in counts.failures:
        print(f"{indent}FAILED {failure}")


def options():
    lines = [f"  {name:18}{stage.__doc__}" for name, stage in BY_NAME.items()]
    parser = argparse.ArgumentParser(
        prog="./test",
        description="Installs what the tests need, builds, runs every test, and ends with the line"
                    " `N passed, N failed`.",
        epilog="stages:\n" + "\n".join(lines) + "\n\nLogs: build/test-logs. Environment:"
               " FUZZ_SECONDS (20) for each fuzzer, COTERIE_JOBS for the compiler.",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tidy and the unit tests only")
    parser.add_argument("stages", nargs="*", metavar="STAGE", choices=[[], *BY_NAME],
                        help="only these, in this order")
    return parser.parse_args()


def main():
    chosen = options()
    stages = {name: BY_NAME[name] for name in chosen.stages}
    if not stages:
        wanted = QUICK if chosen.quick else ALL
        stages = {name: stage for name, stage in BY_NAME.items() if stage in wanted}
    LOGS.mkdir(parents=True, exist_ok=True)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    processes.become_subreaper()
    total = Counts()
    durations = []
    try:
        for name, stage in stages.items():
            begin = time.monotonic()
            counts = perform(name, stage)
            durations.append((name, counts, time.monotonic() - begin))
            total.add(counts)
    except KeyboardInterrupt:
        processes.leftovers(0)
        total.fail("interrupted")
    print()
    for name, counts, seconds in durations:
        print(f"{name:18}{seconds:6.0f} s   {counts}")
    tell(total)
    print(total, flush=True)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parent.parent)
    sys.exit(main())
