"""Which code made a forecast: a version number does not change with every commit, a hash does."""

import hashlib
from functools import cache
from pathlib import Path


@cache
def code_sha256() -> str:
    """Hash over the source of the package, in hexadecimal."""
    return sha256_of(Path(__file__).parent)


def sha256_of(package: Path) -> str:
    """Hash over every module's path and bytes, in the order of their paths."""
    running = hashlib.sha256()
    for name, path in sorted((path.relative_to(package).as_posix(), path) for path in package.rglob("*.py")):
        running.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return running.hexdigest()
