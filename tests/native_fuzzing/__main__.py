"""``python -m tests.native_fuzzing SECONDS``: builds the fuzzer with the address sanitizer, and runs it for that long.

What it comes to is kept in ``build/native-fuzz``: inputs that met something new, which the next run begins with, and
what was found. ``native/fuzz/…/answers FILE`` judges one again. Further arguments are libFuzzer's.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.native_fuzzing.inputs import seeds

_ROOT = Path(__file__).parents[2]
_FUZZER = _ROOT / "native/fuzz"
_KEPT = _ROOT / "build/native-fuzz"
# As of cargo-fuzz, which would be one more program to install. Beside the sanitizer nothing of it needs a nightly Rust.
_FLAGS = (
    "-Zsanitizer=address",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
)
_LONGEST_INPUT = 32_768


def main(seconds: str, *arguments: str) -> int:
    if shutil.which("cargo") is None or shutil.which("c++") is None:
        raise SystemExit("the fuzzer needs cargo and a C++ compiler")
    corpus = _KEPT / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds():
        (corpus / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
    limits = [f"-max_total_time={seconds}", f"-max_len={_LONGEST_INPUT}", "-timeout=120"]
    command = [str(_built()), *limits, f"-artifact_prefix={_KEPT}/", "-print_final_stats=1", *arguments, str(corpus)]
    return subprocess.run(command, cwd=_ROOT, env=_environment(), check=False).returncode


def _built() -> Path:
    """The fuzzer. What builds others isn't instrumented, as the target is named."""
    host = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    target = next(line for line in host.splitlines() if line.startswith("host: ")).removeprefix("host: ")
    environment = {
        **os.environ,
        # The sanitizer is in every Rust, its flag for now only a nightly's.
        "RUSTC_BOOTSTRAP": "1",
        "RUSTFLAGS": " ".join(_FLAGS),
        "PYO3_PYTHON": sys.executable,
        "CARGO_TARGET_DIR": str(_FUZZER / "target"),
    }
    subprocess.run(
        ["cargo", "build", "--quiet", "--release", "--locked", "--target", target],
        cwd=_FUZZER,
        env=environment,
        check=True,
    )
    return _FUZZER / "target" / target / "release/answers"


def _environment() -> dict[str, str]:
    """The interpreter within the fuzzer is this one, with its packages."""
    return {
        **os.environ,
        "PYTHONHOME": os.pathsep.join((sys.base_prefix, sys.base_exec_prefix)),
        "PYTHONPATH": os.pathsep.join((str(_ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))),
        "LD_LIBRARY_PATH": f"{sysconfig.get_config_var('LIBDIR')}:{os.environ.get('LD_LIBRARY_PATH', '')}",
        # Python itself gives little back at its end.
        "ASAN_OPTIONS": "detect_leaks=0",
    }


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
