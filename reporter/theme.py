"""A publisher's theme: templates and assets that take the place of ours, and where a broken one is broken."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)

from reporter.errors import ReporterError, SettingsError

STYLE = "theme.css"
"""Loaded after our own style, so that it changes what it names and nothing else."""

ORIGINAL = "reporter"
"""What a theme puts before the name of one of our templates to extend it."""


def environment(folders: Sequence[Path], theme: Path | None) -> Environment:
    """Templates by name: the theme's, then ours; ours also as `reporter/NAME`, so that one can extend its original."""
    # FileSystemLoader, for PackageLoader fails in a checkout, where the templates lie beside the package.
    ours = FileSystemLoader([str(folder) for folder in folders])
    theirs = [] if theme is None else [FileSystemLoader(str(theme))]
    return Environment(
        loader=ChoiceLoader([*theirs, PrefixLoader({ORIGINAL: ours}), ours]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def assets(folders: Sequence[Path], theme: Path | None) -> dict[str, bytes]:
    """The files that pages load: ours, and over them the theme's.

    Raises:
        ReporterError: the installation has no templates.
    """
    ours = next((folder / "assets" for folder in folders if (folder / "assets").is_dir()), None)
    if ours is None:
        raise ReporterError(f"no templates in {folders[0]} or {folders[1]}: reporter is not installed whole")
    found = {f"assets/{name}": path.read_bytes() for name, path in _files(ours)}
    if theme is not None:
        found |= {f"assets/{name}": path.read_bytes() for name, path in _files(theme / "assets")}
        if has_style(theme):
            found[f"assets/{STYLE}"] = (theme / STYLE).read_bytes()
    return found


def has_style(theme: Path | None) -> bool:
    """Whether a theme has a style of its own."""
    return theme is not None and (theme / STYLE).is_file()


def sha256(theme: Path | None) -> str:
    """Hash of every file of a theme, by its name in it; empty without one."""
    running = hashlib.sha256()
    for name, path in [] if theme is None else _files(theme):
        running.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return "" if theme is None else running.hexdigest()


def check(theme: Path | None) -> None:
    """Check that a theme is there and that its templates can be read; what they use is found out when pages are made.

    Raises:
        SettingsError: it is no folder, or a template is broken.
    """
    if theme is None:
        return
    if not theme.is_dir():
        raise SettingsError("site.theme", str(theme), "a folder that is there")
    templates = environment([], theme)
    for name, path in _files(theme):
        if name.endswith(".html"):
            try:
                templates.parse(path.read_text(encoding="utf-8"), name=name)
            except TemplateSyntaxError as error:
                raise SettingsError(
                    "site.theme", f"{path}:{error.lineno}: {error.message}", "templates that Jinja can read"
                ) from None
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError("site.theme", f"{path}: {error}", "templates in UTF-8") from None


def broken(error: Exception, template: str, theme: Path | None) -> ReporterError | None:
    """The error of a page that a theme broke, in one line; None where no theme had a part in it.

    Args:
        template: what was being made.
    """
    if theme is None:
        return None
    where, line = "", error.__traceback__
    while line is not None:
        file = Path(line.tb_frame.f_code.co_filename)
        where = f"{file}:{line.tb_lineno}" if file.is_relative_to(theme) else where
        line = line.tb_next
    if not where and not isinstance(error, TemplateError):
        return None
    return ReporterError(f"the theme cannot make {template}: {where or theme}: {' '.join(str(error).split())}")


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder by its name in it, but for those that begin with a dot."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            yield name.as_posix(), path
