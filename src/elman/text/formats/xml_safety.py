"""Parse XML that strangers wrote: no entities of its own, no depth or length without a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers import expat

from elman.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable


class UnsafeXmlError(Exception):
    """XML that declares entities, which can grow without a bound or name other files."""


def safe_parser() -> expat.XMLParserType:
    """A parser of expat that loads nothing and expands no entities but those of every XML file.

    A document type that only names its definition (TMX has one) is let through, not fetched.

    Raises:
        UnsafeXmlError: while it parses, at the first declaration within the document.
    """
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_subset
    parser.EntityDeclHandler = _refuse
    return parser


def _refuse_subset(name: str, system: str | None, public: str | None, has_subset: int) -> None:  # noqa: ARG001
    if has_subset:
        raise UnsafeXmlError


def _refuse(*_: object) -> None:
    raise UnsafeXmlError


def feed(parser: expat.XMLParserType, block: bytes, name: str, *, final: bool = False) -> None:
    """Parse a block.

    Args:
        parser: from `safe_parser`.
        block: of bytes.
        name: of the file, for messages.
        final: whether it is the last.

    Raises:
        InputError: it is no XML, or declares entities.
    """
    try:
        parser.Parse(block, final)
    except expat.ExpatError as error:
        raise InputError(
            f"broken XML: {expat.ErrorString(error.code)}",
            location=f"{name}:{error.lineno}",
            hint="Fetch or write the file again",
        ) from error
    except UnsafeXmlError as error:
        raise InputError(
            "its XML declares entities, which are not read",
            location=f"{name}:{parser.CurrentLineNumber}",
            hint="Write it without a <!DOCTYPE ...[ ]> of its own",
        ) from error


def check_head(read: Callable[[int], bytes], name: str) -> None:
    """Check that XML declares no entities before its first element, where alone it may.

    Args:
        read: a number of bytes -> the next ones, from the beginning.
        name: of the file, for messages.

    Raises:
        InputError: it does, or begins with more than `_MAX_HEAD` bytes of something else.
    """
    found = False

    def begin(*_: object) -> None:
        nonlocal found
        found = True

    parser = safe_parser()
    parser.StartElementHandler = begin
    for _ in range(_MAX_HEAD // _BLOCK):
        block = read(_BLOCK)
        feed(parser, block, name, final=not block)
        if found:
            return
    raise InputError("no XML element at its beginning", location=name, hint="Write the file again")


_BLOCK = 1 << 12
_MAX_HEAD = 1 << 18
