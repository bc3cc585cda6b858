"""The watch language: source text → tree.

What lives here: the grammar, and the refusals: a watch that cannot be read, that could never match or that would match
everything. What must not: documents. What a tree means on a document is not for this room to say.

    ICE AND (Palantir OR "facial recognition") AND NOT hockey
    @agencies NEAR/10 (@companies OR deport*)
    lead({ICE} AND cloud) AND lang:en

Each `_parse_*` method carries its rule of the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from monitor.errors import QueryError
from monitor.watches.tree import (
    And,
    AtLeast,
    Attribute,
    Near,
    Node,
    Not,
    Or,
    Part,
    Regex,
    Term,
    TermSet,
    Within,
    holds,
    satisfiable,
    term,
    term_set,
)
from monitor.words.regex import RegexError, compiled

__all__ = ["Node", "TermSet", "parse", "term_set"]

MAX_SOURCE = 20_000  # code points; the longest hand-written watches of the trade stay under 5,000
MAX_DEPTH = 40  # parentheses in parentheses
MAX_DISTANCE = 100  # of NEAR: farther apart than a paragraph is not near

_PARTS = {"title": "title", "body": "body"}
_ATTRIBUTES = ("outlet", "feed", "about", "author", "tag", "lang", "url")
_FIELDS = "title: body: outlet: feed: about: author: tag: lang: url:"


_PLACES = (Term, TermSet, Regex, Or, Near)  # what has places in a text: all that NEAR and atleast can count


def parse(source: str, sets: Mapping[str, TermSet]) -> Node:
    """The tree of a watch. QueryError, with a caret under the spot, for anything that is not plainly understood."""
    if len(source) > MAX_SOURCE:
        message = f"A watch has at most {MAX_SOURCE:,} characters; this one has {len(source):,}."
        raise QueryError(message, source=source[:80], start=0)
    node = _Parser(source, sets).parse_query()
    if holds(node, {}):
        message = "This watch would match everything: it only says what must be absent. Say what must be present."
        raise QueryError(message, source=source, start=0, end=len(source))
    if not satisfiable(node):
        message = (
            "This watch can never match: no entry has all that it asks for, such as two languages or ICE and no ICE."
        )
        raise QueryError(message, source=source, start=0, end=len(source))
    return node


# ---- source → lexemes -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lexeme:
    kind: str
    text: str
    start: int
    end: int


_LEXEMES = re.compile(
    r"""(?P<space>\s+)
    |(?P<phrase>"[^"]*")
    |(?P<exact>\{[^{}]*\})
    |(?P<regex>/(?:[^/\\\n]|\\.)+/)
    |(?P<open>\()|(?P<close>\))
    |(?P<set>@[\w-]*)
    |(?P<near>O?NEAR/\d+(?![\w/]))
    |(?P<and>AND(?![\w/*]))|(?P<or>OR(?![\w/*]))|(?P<not>NOT(?![\w/*]))
    |(?P<call>[^\W\d]+\d*(?=\())
    |(?P<field>[^\W\d]+:(?=\S))
    |(?P<word>[^\s(){}"@]+)""",
    re.VERBOSE,
)


def _lexemes(source: str) -> Iterator[_Lexeme]:
    at = 0
    while at < len(source):
        found = _LEXEMES.match(source, at)
        if found is None:
            closing = {'"': '"', "{": "}"}.get(source[at], "")
            message = f"This {source[at]} is never closed: expected {closing}." if closing else "Nothing opens this."
            raise QueryError(message, source=source, start=at)
        if found.lastgroup != "space":
            yield _Lexeme(found.lastgroup or "", found[0], at, found.end())
        at = found.end()
    yield _Lexeme("end", "", at, at)


# ---- lexemes → tree -------------------------------------------------------------------------------------------------


class _Parser:
    """A recursive descent over the lexemes of one source; every method leaves `_next` behind what it has read."""

    def __init__(self, source: str, sets: Mapping[str, TermSet]) -> None:
        self._source = source
        self._sets = sets
        self._lexemes = list(_lexemes(source))
        self._at = 0
        self._depth = 0

    def parse_query(self) -> Node:
        """query = sequence"""
        node = self._parse_sequence()
        if self._next.kind == "close":
            raise self._refusal("This ) closes nothing.", self._next)
        return node

    def _parse_sequence(self) -> Node:
        """sequence = operand { "AND" operand } | operand { "OR" operand }"""
        parts = [self._parse_operand()]
        joiner = self._next
        while self._next.kind in ("and", "or"):
            if self._next.kind != joiner.kind:
                message = f"{joiner.text} and {self._next.text} together need parentheses: which belongs together?"
                raise self._refusal(message, self._next)
            self._advance()
            parts.append(self._parse_operand())
        if self._next.kind not in ("end", "close"):
            raise self._refusal(self._unjoined(), self._next)
        if len(parts) == 1:
            return parts[0]
        if joiner.kind == "or":
            return Or(parts=tuple(parts))
        return And(parts=tuple(parts))

    def _parse_operand(self) -> Node:
        """operand = "NOT" operand | near"""
        if self._next.kind != "not":
            return self._parse_near()
        with_not = self._advance()
        self._deepen(with_not)
        node = Not(part=self._parse_operand())
        self._depth -= 1
        return node

    def _parse_near(self) -> Node:
        """near = primary [ ( "NEAR/" n | "ONEAR/" n ) primary ]"""
        start = self._next
        left = self._parse_primary()
        if self._next.kind != "near":
            return left
        operator = self._advance()
        distance = int(operator.text.partition("/")[2][:6])
        if not 1 <= distance <= MAX_DISTANCE:
            raise self._refusal(f"Expected a distance from 1 to {MAX_DISTANCE} words.", operator)
        second = self._next
        right = self._parse_primary()
        self._check_places(left, start, operator.text)
        self._check_places(right, second, operator.text)
        if self._next.kind == "near":
            raise self._refusal(f"{operator.text} joins two things: put parentheses around the first two.", self._next)
        return Near(left=left, right=right, distance=distance, ordered=operator.text.startswith("O"))

    def _parse_primary(self) -> Node:
        """primary = "(" sequence ")" | call | field | set | regex | term"""
        lexeme = self._advance()
        match lexeme.kind:
            case "open":
                return self._parse_group(lexeme)
            case "call":
                return self._parse_call(lexeme)
            case "field":
                return self._parse_field(lexeme)
            case "set":
                return self._parse_set(lexeme)
            case "phrase" | "exact" | "word":
                return self._parse_term(lexeme)
            case "regex":
                return self._parse_regex(lexeme)
        found = f"found {lexeme.text}" if lexeme.text else "the watch ends here"
        raise self._refusal(f"Expected a word, a phrase, a @set or a ( here; {found}.", lexeme)

    def _parse_group(self, opening: _Lexeme) -> Node:
        """The rest of "(" sequence ")" """
        self._deepen(opening)
        node = self._parse_sequence()
        if self._next.kind != "close":
            raise self._refusal("This ( is never closed: expected ).", opening)
        self._advance()
        self._depth -= 1
        return node

    def _parse_call(self, name: _Lexeme) -> Node:
        """call = ( "atleast" n | "lead" | "first" n ) "(" sequence ")" """
        found = re.fullmatch(r"(atleast|first)(\d{1,6})|(lead)", name.text)
        if not found:
            raise self._refusal(f"Unknown function {name.text}: expected atleast3( ), lead( ) or first50( ).", name)
        count = int(found[2] or 0)
        if found[2] and count == 0:
            message = "atleast0 would match everything" if found[1] == "atleast" else "first0 can never match"
            raise self._refusal(f"{message}: expected a number from 1.", name)
        inside = self._next
        part = self._parse_group(self._advance())
        if found[1] == "atleast":
            self._check_places(part, inside, name.text)
            return AtLeast(count=count, part=part)
        return self._within(Within(where="first" if count else "lead", part=part, count=count), name)

    def _parse_field(self, name: _Lexeme) -> Node:
        """field = ( "title:" | "body:" ) primary | ( "outlet:" | "feed:" | … ) ( word | phrase )"""
        field = name.text[:-1]
        if field in _PARTS:
            where: Part = "title" if field == "title" else "body"
            return self._within(Within(where=where, part=self._parse_primary()), name)
        if field not in _ATTRIBUTES:
            raise self._refusal(f"Unknown field {name.text} Expected one of {_FIELDS}", name)
        value = self._advance()
        if value.kind not in ("word", "phrase", "field", "exact"):
            raise self._refusal(f"Expected a word or a phrase after {name.text}", value)
        text = value.text.strip('"{} ')
        if value.kind == "field":  # url:https://… reads as a field of its own
            text += self._advance().text
        if not text:
            raise self._refusal(f"Expected something after {name.text}", value)
        return Attribute(name=field, value=text)  # type: ignore[arg-type]  # one of _ATTRIBUTES, checked above

    def _parse_set(self, lexeme: _Lexeme) -> Node:
        """set = "@" name"""
        known = self._sets.get(lexeme.text[1:])
        if known is None:
            names = ", ".join(f"@{name}" for name in sorted(self._sets)) or "none is defined"
            raise self._refusal(f"Unknown set {lexeme.text}. Known sets: {names}.", lexeme)
        return known

    def _parse_term(self, lexeme: _Lexeme) -> Node:
        """term = '"' words '"' | "{" words "}" | word [ "*" ]"""
        if lexeme.kind == "word":
            self._check_word(lexeme)
        try:
            return term(lexeme.text.strip('"{}'), exact=lexeme.kind == "exact")
        except ValueError as fault:
            raise self._refusal(str(fault), lexeme) from None

    def _parse_regex(self, lexeme: _Lexeme) -> Node:
        """regex = "/" RE2 "/", a / inside written as \\/"""
        pattern = lexeme.text[1:-1].replace("\\/", "/")
        try:
            compiled(pattern)
        except RegexError as fault:
            raise self._refusal(str(fault), lexeme) from None
        return Regex(pattern=pattern)

    # ---- what is refused

    def _check_word(self, lexeme: _Lexeme) -> None:
        text = lexeme.text
        if re.fullmatch(r"[A-Z]+/\d*|O?NEAR\d*", text):
            raise self._refusal(f"Unknown operator {text}: expected AND, OR, NOT, NEAR/5 or ONEAR/5.", lexeme)
        if text.lower() in ("and", "or", "not", "near"):
            raise self._refusal(
                f'Operators are written in capitals: {text.upper()}. For the word itself write "{text}".', lexeme
            )
        if text.endswith(":"):
            raise self._refusal(f"Expected a value right after {text}", lexeme)
        if text.startswith("/"):
            raise self._refusal("This / is never closed: a regular expression stands between two.", lexeme)
        if text.startswith("}"):
            raise self._refusal("Expected a word, a phrase, a @set or a ( here.", lexeme)

    def _check_places(self, node: Node, lexeme: _Lexeme, operator: str) -> None:
        ok = isinstance(node, _PLACES) and not (
            isinstance(node, Or) and any(not isinstance(p, _PLACES) for p in node.parts)
        )
        if not ok:
            message = (
                f"{operator} needs words, phrases, sets or an OR of them: AND, NOT and fields have no place in a text."
            )
            raise self._refusal(message, lexeme)

    def _within(self, node: Within, lexeme: _Lexeme) -> Within:
        inner = node.part
        if isinstance(inner, Within) and {inner.where, node.where} == {"title", "body"}:
            raise self._refusal("This watch can never match: no word is in the title and in the body at once.", lexeme)
        return node

    def _unjoined(self) -> str:
        if self._next.kind == "not":
            return "Expected an operator before NOT: write AND NOT."
        return f'Expected AND, OR or NEAR/5 before {self._next.text}. For words in a row write "a phrase".'

    def _deepen(self, lexeme: _Lexeme) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._refusal(f"More than {MAX_DEPTH} levels of parentheses.", lexeme)

    @property
    def _next(self) -> _Lexeme:
        return self._lexemes[self._at]

    def _advance(self) -> _Lexeme:
        lexeme = self._lexemes[self._at]
        self._at = min(self._at + 1, len(self._lexemes) - 1)
        return lexeme

    def _refusal(self, message: str, lexeme: _Lexeme) -> QueryError:
        return QueryError(message, source=self._source, start=lexeme.start, end=lexeme.end)
