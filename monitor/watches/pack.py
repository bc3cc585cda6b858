"""A watch pack: a beat as data that an advocate can edit, and the reading of its file.

What lives here: the values of a pack, and YAML text → Pack with every fault named by line. What must not: files,
documents, and any word of any beat. How a pack's evidence adds up is for `evidence` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from monitor.errors import ConfigError, Fault
from monitor.watches.tree import Term, TermSet, term

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A set of terms and how far each half may trust it."""

    terms: TermSet
    weights: Mapping[str, float]  # by half, 0 to 1: how sure one is of that half on seeing one of the terms
    support: bool = False  # only adds to a half that another cue has filled
    needs: tuple[str, ...] = ()  # names of cues, one of which must stand in the title or lead too


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseFriend:
    """Words that tell another sense of some cues: a cue inside one of these terms counts for nothing."""

    name: str
    terms: tuple[Term, ...]
    discredits: tuple[str, ...]  # names of cues
    keeps: float  # what is left of the weight of those, 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """Somebody who acts on the beat, and the names that are theirs, exactly as written."""

    name: str
    kind: str  # in the plural, as the file says it: "companies"
    terms: tuple[Term, ...]
    part_of: str = ""  # name of the entity that this one belongs to


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How evidence adds up."""

    alert: float  # the scores that earn a level
    digest: float
    strong: float  # what an alert needs of the best cue of each half, beside its score
    near: int  # words between the halves, up to which nothing is taken off
    apart: float  # factor where both halves are in the title and lead, but farther apart
    body: float  # factor for a cue that stands only in the text below the lead
    shouted: float  # factor for a cue known by its capitals in a field that is all capitals
    prior: float = 0.0  # what a feed that is about a half says for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A beat: two halves that must both be there, the cues that fill them, what misleads, and examples."""

    name: str
    about: str
    halves: tuple[str, str]
    cues: tuple[Cue, ...]
    false_friends: tuple[FalseFriend, ...]
    rules: Rules
    who: tuple[Entity, ...]
    must_match: tuple[str, ...]
    must_not_match: tuple[str, ...]

    @property
    def sets(self) -> dict[str, TermSet]:
        """The pack's vocabulary, for queries: @name."""
        return {cue.terms.name: cue.terms for cue in self.cues}


def read_pack(source: str, file: str) -> Pack:
    """The pack that a YAML text describes. ConfigError holds every fault found, each with its line in `file`."""
    reader = _Reader(file)
    try:
        root = yaml.compose(source, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ConfigError((Fault(file=file, line=line, path="", message=f"not YAML: {error.problem}"),)) from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError((Fault(file=file, line=0, path="", message=f"not YAML: {error}"),)) from None
    pack = _pack(reader, root)
    if reader.faults:
        raise ConfigError(tuple(reader.faults))
    return pack


# ---- nodes → values; a fault is noted, and reading goes on -----------------------------------------------------------

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # as for feeds.yaml: libyaml where there is one
_PACK_KEYS = ("name", "about", "halves", "rules", "cues", "false_friends", "who", "must_match", "must_not_match")
_RULE_KEYS = ("alert", "digest", "strong", "near", "apart", "body", "shouted")
_MILD_RULE_KEYS = ("prior",)  # those that a pack may leave out
_CUE_KEYS = ("label", "weights", "support", "needs", "case", "terms")
_FRIEND_KEYS = ("discredits", "keeps", "case", "terms")


def _pack(reader: _Reader, root: Node | None) -> Pack:
    fields = reader.mapping(root, "", _PACK_KEYS, required=("name", "halves", "rules", "cues"))
    halves = reader.texts(fields.get("halves"), "halves")
    if len(halves) != 2 or halves[0] == halves[1]:
        reader.fault(fields.get("halves"), "halves", "expected two different names")
        halves = ("", "")
    cue_nodes = reader.mapping(fields.get("cues"), "cues")
    friend_nodes = reader.mapping(fields.get("false_friends"), "false_friends")
    return Pack(
        name=reader.text(fields.get("name"), "name"),
        about=reader.text(fields.get("about"), "about"),
        halves=(halves[0], halves[1]),
        cues=tuple(_cue(reader, name, node, halves, cue_nodes) for name, node in cue_nodes.items()),
        false_friends=tuple(_false_friend(reader, name, node, cue_nodes) for name, node in friend_nodes.items()),
        rules=_rules(reader, fields.get("rules")),
        who=_who(reader, fields.get("who")),
        must_match=reader.texts(fields.get("must_match"), "must_match"),
        must_not_match=reader.texts(fields.get("must_not_match"), "must_not_match"),
    )


def _rules(reader: _Reader, node: Node | None) -> Rules:
    fields = reader.mapping(node, "rules", (*_RULE_KEYS, *_MILD_RULE_KEYS), required=_RULE_KEYS)
    shares = {
        key: reader.share(fields.get(key), f"rules.{key}") for key in (*_RULE_KEYS, *_MILD_RULE_KEYS) if key != "near"
    }
    if shares["digest"] > shares["alert"]:
        reader.fault(fields.get("digest"), "rules.digest", "expected at most the score of an alert")
    if shares["digest"] == 0:
        reader.fault(fields.get("digest"), "rules.digest", "expected more than 0: every text would match")
    return Rules(near=reader.count(fields.get("near"), "rules.near"), **shares)


def _cue(reader: _Reader, name: str, node: Node, halves: tuple[str, ...], cues: Mapping[str, Node]) -> Cue:
    path = f"cues.{name}"
    fields = reader.mapping(node, path, _CUE_KEYS, required=("weights", "terms"))
    weights = reader.mapping(fields.get("weights"), f"{path}.weights", halves)
    exact = _exact(reader, fields, path)
    by_language = reader.mapping(fields.get("terms"), f"{path}.terms")
    terms = tuple(
        found
        for language, forms in by_language.items()
        for found in _terms(reader, forms, f"{path}.terms.{language}", name, exact)
    )
    if not terms:
        reader.fault(node, f"{path}.terms", "expected lists of terms by language, and at least one term")
    label = reader.text(fields.get("label"), f"{path}.label") or name
    return Cue(
        terms=TermSet(name=name, terms=terms, label=label),
        weights={half: reader.share(weight, f"{path}.weights.{half}") for half, weight in weights.items()},
        support=reader.flag(fields.get("support"), f"{path}.support"),
        needs=_cue_names(reader, fields.get("needs"), f"{path}.needs", cues),
    )


def _false_friend(reader: _Reader, name: str, node: Node, cues: Mapping[str, Node]) -> FalseFriend:
    path = f"false_friends.{name}"
    fields = reader.mapping(node, path, _FRIEND_KEYS, required=("terms",))
    exact = _exact(reader, fields, path)
    return FalseFriend(
        name=name,
        terms=tuple(_terms(reader, fields.get("terms"), f"{path}.terms", "", exact)),
        discredits=_cue_names(reader, fields.get("discredits"), f"{path}.discredits", cues),
        keeps=reader.share(fields.get("keeps"), f"{path}.keeps"),
    )


def _who(reader: _Reader, node: Node | None) -> tuple[Entity, ...]:
    kinds = reader.mapping(node, "who")
    nodes = {(kind, name): at for kind in kinds for name, at in reader.mapping(kinds[kind], f"who.{kind}").items()}
    found = {name: _entity(reader, kind, name, at) for (kind, name), at in nodes.items()}
    for (kind, name), at in nodes.items():
        whole = found[name].part_of
        if whole and (whole not in found or whole == name):
            reader.fault(at, f"who.{kind}.{name}.part_of", f"expected the name of somebody else here, got {whole}")
    return tuple(found.values())


def _entity(reader: _Reader, kind: str, name: str, node: Node) -> Entity:
    """A list of names, or, where somebody is part of another, names under `terms`."""
    path = f"who.{kind}.{name}"
    short = isinstance(node, SequenceNode)
    fields = {"terms": node} if short else reader.mapping(node, path, ("part_of", "terms"), required=("terms",))
    return Entity(
        name=name,
        kind=kind,
        terms=tuple(_terms(reader, fields.get("terms"), f"{path}.terms", "", exact=True)),
        part_of=reader.text(fields.get("part_of"), f"{path}.part_of"),
    )


def _exact(reader: _Reader, fields: Mapping[str, Node], path: str) -> bool:
    case = reader.text(fields.get("case"), f"{path}.case")
    if case not in ("", "exact", "any"):
        reader.fault(fields.get("case"), f"{path}.case", "expected exact or any")
    return case == "exact"


def _cue_names(reader: _Reader, node: Node | None, path: str, cues: Mapping[str, Node]) -> tuple[str, ...]:
    names = reader.texts(node, path)
    for name in names:
        if name not in cues:
            reader.fault(node, path, f"expected the name of a cue, got {name}")
    return names


def _terms(reader: _Reader, node: Node | None, path: str, set_name: str, exact: bool) -> Iterator[Term]:
    for index, item in enumerate(reader.items(node, path)):
        place = f"{path}[{index}]"
        written = reader.text(item, place)
        try:
            yield term(written, exact=exact, set_name=set_name)
        except ValueError as error:
            reader.fault(item, place, str(error))


class _Reader:
    """Reads nodes and notes what is wrong with them; hands back an empty value in place of a wrong one."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.faults: list[Fault] = []

    def fault(self, node: Node | None, path: str, message: str) -> None:
        line = node.start_mark.line + 1 if node is not None else 0
        self.faults.append(Fault(file=self._file, line=line, path=path, message=message))

    def mapping(
        self, node: Node | None, path: str, known: tuple[str, ...] = (), required: tuple[str, ...] = ()
    ) -> dict[str, Node]:
        if node is None and path:
            return {}
        if not isinstance(node, MappingNode):
            self.fault(node, path, " ".join(["expected names with values:", *known]).rstrip(":"))
            return {}
        fields: dict[str, Node] = {}
        for key, value in node.value:
            self._check_key(key, path, known, fields)
            fields[str(key.value)] = value
        for name in required:
            if name not in fields:
                self.fault(node, path, f"expected the key {name}")
        return {name: value for name, value in fields.items() if not known or name in known}

    def _check_key(self, key: Node, path: str, known: tuple[str, ...], seen: Mapping[str, Node]) -> None:
        if known and key.value not in known:
            self.fault(key, path, f"unknown key {key.value}; expected one of {', '.join(known)}")
        if key.value in seen:
            self.fault(key, path, f"{key.value} is given twice")

    def items(self, node: Node | None, path: str) -> list[Node]:
        if node is None:
            return []
        if not isinstance(node, SequenceNode):
            self.fault(node, path, "expected a list")
            return []
        return list(node.value)

    def texts(self, node: Node | None, path: str) -> tuple[str, ...]:
        return tuple(self.text(item, f"{path}[{index}]") for index, item in enumerate(self.items(node, path)))

    def text(self, node: Node | None, path: str) -> str:
        return self._scalar(node, path, str, "a text", "")

    def share(self, node: Node | None, path: str) -> float:
        value = self._scalar(node, path, float, "a number from 0 to 1", 0.0)
        if not 0 <= value <= 1:
            self.fault(node, path, f"expected a number from 0 to 1, got {value:g}")
        return value

    def count(self, node: Node | None, path: str) -> int:
        value = self._scalar(node, path, int, "a whole number", 0)
        if value < 0:
            self.fault(node, path, f"expected a whole number from 0, got {value}")
        return value

    def flag(self, node: Node | None, path: str) -> bool:
        return self._scalar(
            node, path, lambda text: {"true": True, "false": False}[text.lower()], "true or false", False
        )

    def _scalar(self, node: Node | None, path: str, read: Callable[[str], _T], expected: str, otherwise: _T) -> _T:
        if node is None:
            return otherwise
        if not isinstance(node, ScalarNode):
            self.fault(node, path, f"expected {expected}")
            return otherwise
        try:
            return read(node.value)
        except (ValueError, KeyError):
            self.fault(node, path, f"expected {expected}, got {node.value}")
            return otherwise
