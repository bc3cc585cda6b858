"""A document to a tree of elements; the only room that calls lxml.

What lives here: how XML is read and written, and nothing resolved: no entity, no file, no address. What must not: any
knowledge of what an element means.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from lxml import etree  # type: ignore[import-untyped]  # it publishes no types

Element = Any  # lxml's

_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)


def xml_root(document: str | bytes, *, lenient: bool = False) -> Element | None:
    """The root of the tree, or None where the document is no XML, or bytes are no UTF-8. Comments are not in the tree.

    A namespace that is not declared is no fault of XML's. `lenient`: an end that is missing, and what else is not
    well-formed, are overlooked.
    """
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
        recover=lenient,
    )
    try:
        return etree.fromstring(document.encode() if isinstance(document, str) else document, parser)
    except etree.XMLSyntaxError:
        undeclared = {fault.type for fault in parser.error_log} == {etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE}
        root = xml_root(document, lenient=True) if undeclared and not lenient else None
        return root if root is not None and _ends_with(document, root) else None
    except UnicodeEncodeError:
        return None


def _ends_with(document: str | bytes, root: Element) -> bool:
    """Whether nothing stands behind the root's end: there, after a fault, nobody looked any more."""
    name = split_tag(root.tag)[1]
    end = (f"</{root.prefix}:{name}>" if root.prefix else f"</{name}>").encode()
    body = (document.encode() if isinstance(document, str) else document).rstrip()
    return body.endswith(end) and body.count(end) == 1


def split_tag(tag: str) -> tuple[str, str]:
    """A tag's namespace with its braces, "" if it has none, and its name."""
    space, brace, name = tag.rpartition("}")
    return space + brace, name


def inner_markup(element: Element) -> str:
    """What an element holds, as XML that is HTML too. Raises ValueError for tags with a prefix, which HTML has not."""
    part: Element
    for part in element.iterdescendants():
        if part.prefix:
            raise ValueError(f"HTML knows no {part.prefix}:")
        if not len(part) and not part.text and split_tag(part.tag)[1] not in _VOID:
            part.text = ""  # <p></p>, as <p/> opens a paragraph in HTML
    return escape(element.text or "") + "".join(etree.tostring(child, encoding="unicode") for child in element)
