"""The phrases with which English, Spanish and some French texts credit an outlet.

What lives here: tables of phrases, how outlets are joined in one phrase. What must not: the names of outlets, what is
struck out before they are read (`boilerplate`), or a decision about who broke a story (`attribution`).

A phrase is read on the words before a name, up to its first letter, or on the words after it. Its strength says how far
it is believed:

    first     "first reported by X": beats every other credit, wherever it stands
    strong    "documents obtained by X", "an X investigation found": the finding is X's
    medium    "according to X", "X reported": the finding is X's if near the top and nobody has a stronger claim
    passing   "X previously reported": an older or a side fact
    quoted    "told X": only the place of a quotation
    wire      "WASHINGTON (AP) —": the text itself is X's
"""

from __future__ import annotations

import re
from typing import Literal

Strength = Literal["first", "strong", "medium", "passing", "quoted", "wire"]

# ---- pieces ---------------------------------------------------------------------------------------------------------

# What may stand between "reported by" and the name: "the British newspaper The …", "el diario estadounidense …".
_KIND = (
    r"(?:(?:the|an?|el|la|los|las|al|del|le|news|tech|technology|media|business|investigative|nonprofit|British|German|French"
    r"|Spanish|Israeli|US|U\.S\.|UK|outlets?|sites?|websites?|newspapers?|papers?|magazines?|agency|agencies|service|wire"
    r"|publications?|broadcasters?|newsletters?|medios?|diarios?|peri[óo]dicos?|agencias?|revistas?|portal(?:es)?|cadenas?"
    r"|sitios?|web|publicaci[óo]n|semanario|de|noticias|digital|tecnol[óo]gic[oa]|especializad[oa]|independiente"
    r"|estadounidense|brit[áa]nic[oa]|israel[íi]|alem[áa]n|franc[ée]s|mexican[oa]|espa[ñn]ola?)[ -])*$"
)
_WHEN = r"(?: (?:exclusively|earlier|last|this|on|late|early|today|yesterday|\w+day|week|month|year),?){0,3}"
_FOUND = (
    r"(?:reported|revealed|disclosed|spotted|discovered|uncovered|exposed|detailed|published|broken|noted|identified"
    r"|flagged|obtained)"
)
_PAPERS = (
    r"(?:documents?|records?|files?|e-?mails?|messages?|contracts?|memos?|memorand(?:um|a)|data|materials?|videos?|audio"
    r"|footage|recordings?|slides?|presentations?|letters?|transcripts?|filings?|copy|copies|spreadsheets?|figures|drafts?"
    r"|chats?|posts?|screenshots?|images?|manuals?|guides?|logs?|reports?|information|correspondence|notes|papers"
    r"|invoices?|orders?)"
)
_GOT = (
    r"(?:(?:obtained|reviewed|seen|viewed|accessed|acquired|published|identified|analy[sz]ed|examined|verified|uncovered)"
    rf"{_WHEN} by|(?:leaked|provided|shown|given|released|sent|disclosed|shared) (?:to|with))"
)
_PAPELES = (
    r"(?:documentos?|correos?|mensajes?|memor[áa]nd(?:um|o|ums)|archivos?|registros?|contratos?|datos|expedientes?"
    r"|informes?|grabaci[óo]n(?:es)?|im[áa]genes|informaci[óo]n|cartas?|presentaci[óo]n(?:es)?)"
)
_OBTENIDO = r"(?:obtenid|revisad|vist|citad|consultad|filtrad|publicad|analizad|conseguid|examinad)[oa]s?"
_STUDY = r"(?:investigation|review|analysis|exclusive|scoop|probe|expos[ée]|examination)"
_DIJO = (
    r"(?:dij[oe]|dijeron|declar[óo]|declararon|indic[óo]|asegur[óo]|explic[óo]|confirm[óo]|coment[óo]|afirm[óo]"
    r"|cont[óo]|se[ñn]al[óo])"
)
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|early|late|mid"
    r"|19\d\d|20\d\d)"
)
_ADVERB = (
    r"(?:(?:has|had|have|also|exclusively|later|since|then|now|can|could|recently|separately|ha|han|tambi[ée]n|ya) )*"
)

# ---- before the name ------------------------------------------------------------------------------------------------

_BEFORE: tuple[tuple[Strength, str], ...] = (
    ("passing", rf"\b(?:previously|earlier|already) {_FOUND} (?:by|in) "),
    ("first", rf"\b(?:first|originally|initially) {_FOUND}{_WHEN} (?:by|in|at|on) "),
    ("first", r"\b(?:news|story|scoop) (?:was )?(?:first )?broken by "),
    ("first", r"\b(?:primero|por primera vez|en exclusiva|inicialmente) (?:\w+ )?(?:por|en) "),
    ("strong", rf"\b{_PAPERS}\b(?:,? [\w'’-]+){{0,8}}?,? {_GOT} "),
    ("strong", r"\b(?:obtained|reviewed|seen|viewed|accessed) (?:exclusively )?by "),
    ("strong", rf"\b(?:revealed|uncovered|exposed|unearthed|disclosed|spotted|detailed|discovered){_WHEN} (?:by|in) "),
    ("strong", rf"\b(?:{_STUDY}|(?<!with )reporting) (?:[\w-]+ ){{0,2}}?(?:by|from|of|in) "),
    ("strong", rf"\b{_PAPELES}\b(?:,? [\w-]+){{0,8}}?,? {_OBTENIDO}(?: en exclusiva)? (?:por|a) "),
    ("strong", r"\b(?:accedi[óo]|tuvo acceso|tenido acceso|tuvieron acceso) "),
    ("strong", r"\b(?:revelad|destapad|desvelad|adelantad)[oa]s? (?:\w+ )?por "),
    ("strong", r"\b(?:investigaci[óo]n|an[áa]lisis|reportaje|exclusiva)(?: [\w-]+){0,2}? (?:de|del|por|en) "),
    ("strong", r"\b(?:revel|adelant|destap|desvel)(?:[óo]|ado|aron) (?:en exclusiva )?"),
    ("strong", r"\bseg[úu]n (?:ha )?(?:public|inform|report)(?:[óo]|ado|aron) "),
    ("strong", r"\b(?:r[ée]v[ée]l[ée]e?s? par|comme l[ea] r[ée]v[ée]l(?:ait|e)|selon (?:une"
     r"|des) enqu[êe]tes? (?:de|du)) "),
    ("quoted", r"\b(?:told|tells|telling|assured|informed) (?:reporters (?:at|from) )?"),
    ("quoted", r"\b(?:statement|e-?mail|e-?mailed|comments?|remarks?|response|interview)\b(?: [\w-]+)? (?:to"
     r"|with|on|for|in) "),
    ("quoted", r"\b(?:speaking|spoke|talking|talked|confirmed|responded|explained|said) (?:to|with|on) "),
    ("quoted", rf"\b{_DIJO}(?: [\w,]+){{0,4}}? (?:a|al) "),
    ("quoted", r"\b(?:declaraci[óo]n(?:es)?|comunicado|entrevista|correo|respuesta)(?: [\w-]+){0,2} (?:al?|con"
     r"|para|en) "),
    ("medium", rf"\b(?:according to|reported (?:by|in)|reports? (?:by|from|in)|citing|cites|per|via){_WHEN} "),
    ("medium", r"\b(?:published (?:by|in)|(?:story|article|piece) (?:by|from|in)) "),
    ("medium", r"\b(?:seg[úu]n|de acuerdo (?:con|a)|conforme a lo expuesto por|citando al?|citad[oa]s? por"
     r"|recogidas por) "),
    ("medium", r"\b(?:report|inform|detall|public|asegur|se[ñn]al|precis|apunt)[óo] "),
    ("medium", r"\b(?:publicad|reportad|informad)[oa]s? (?:por|en) |\b(?:informe|reporte|art[íi]culo|nota) del? "),
    ("medium", r"\bselon "),
    ("wire", r"\b(?:con (?:informaci[óo]n|datos) de|fuente:|source:|with (?:reporting|files|material) (?:by|from)) "),
    ("wire", r"^\s*(?:by|por) (?:[^\W\d_][\w.'’-]+ ){0,3}(?:[\w.'’-]+, ?)?"),
)  # fmt: skip

# ---- after the name -------------------------------------------------------------------------------------------------

_AFTER: tuple[tuple[Strength, str], ...] = (
    ("passing", rf",? {_ADVERB}(?:previously|earlier|already) (?:reported|revealed|noted|found|wrote|detailed)\b"),
    ("passing", rf",? {_ADVERB}(?:noted|reported|wrote|revealed|found) (?:back )?in {_MONTH}\b"),
    ("quoted", r"['’]?s? (?:\w+ )?(?:requests?|questions?|inquir(?:y|ies)) (?:for|about|seeking)\b"),
    ("first", rf",? {_ADVERB}(?:was |were )?(?:the )?first (?:\w+ )?(?:to )?(?:{_FOUND}|report|reveal|publish"
     rf"|obtain)\w*"),
    ("first", rf",? (?:which|who) {_ADVERB}(?:first|initially|originally) \w+"),
    ("first", rf",? (?:which )?{_ADVERB}(?:broke|breaks) (?:the |this )?(?:news|story)\b"),
    ("first", r",? (?:fue|fueron) (?:el |la |los )?primer[oa]?s? (?:medios? )?en (?:revelar|informar|reportar"
     r"|publicar)\b"),
    ("strong", rf"(?:['’]s?)? (?:\w+ ){{0,2}}?{_STUDY}\b"),
    ("strong", r"(?:['’]s?)? (?:\w+ )?report (?:found|finds|reveal|show|detail|expos|publish|claim|that)\w*"),
    ("strong", rf",? {_ADVERB}(?:obtained|reviewed|uncovered|reveal(?:s|ed)?|expose[sd]|learned|discovered"
     rf"|disclosed)\b"),
    ("strong", r",? (?:which|who) (?:has |have )?(?:obtained|reviewed|saw|viewed|analy[sz]ed|examined|seen)\b"),
    ("strong", rf",? {_ADVERB}(?:revel|destap|adelant|desvel)(?:[óo]|ado|aron)\b"),
    ("strong", rf",? {_ADVERB}(?:accedi[óo]|tuvo acceso|tenido acceso|obtuvo|obtenido|descubri[óo])\b"),
    ("medium", rf",? {_ADVERB}(?:reports?|reported|reporting|wrote|writes|notes|noted|explains|explained"
     rf"|describe[sd])\b"),
    ("medium", rf",? {_ADVERB}(?:said|says|details?|detailed|published|found|estimated|claims?|claimed)\b"),
    ("medium", r"['’]s? (?:\w+ ){0,2}?(?:reporting|report|story|article|coverage)\b"),
    ("medium", rf",? {_ADVERB}(?:inform|report|se[ñn]al|detall|asegur|precis|public|indic|explic|apunt)(?:[óoa]"
     rf"|aron|ado)\b"),
)  # fmt: skip

BEFORE = tuple((strength, re.compile(phrase + _KIND, re.IGNORECASE)) for strength, phrase in _BEFORE)
AFTER = tuple((strength, re.compile("^" + phrase, re.IGNORECASE)) for strength, phrase in _AFTER)

# "…: X" and "… - X" at the end of a headline, and "…, X reports".
TAIL = re.compile(r"(?:[:|]|\s[-–—])\s*$")
TAIL_END = re.compile(r"^\s*(?:reports?|says|report[óo]|informa)?[.”\"']?\s*$", re.IGNORECASE)

# "WASHINGTON, Feb. 3 (AP) — …", "MÉXICO (EFE).-", at the very beginning of a text.
DATELINE = re.compile(r"^\s*(?:[^\W\d_][\w.,'’/ -]{2,60} )?\($|^\s*(?:[^\W\d_][\w.,'’/ -]{2,60}[,.] ?)?$")
DATELINE_END = re.compile(r"^\)?\.? ?[-–—]{1,2}(?:\s|$)|^\)\.?[-–—: ]")

# What may join two names into one credit: "X, with its partners Y and Z".
JOINED = re.compile(
    r"^(?:['’]s)?(?:,? (?:and|with|y|e|et|along with|together with|alongside|in partnership with|in collaboration with"
    r"|junto (?:con|al?)|en colaboraci[óo]n con)|,|\s?/|\s?&)(?: its partners?,?| sus socios)?(?: (?:also|both|the"
    r"|an?|el|la|los|las|Israeli|Palestinian|Hebrew|British|German|French|Israeli-Palestinian|magazine|news|outlets?|sites?"
    r"|publications?|[\w-]+-language|medios?|diarios?|peri[óo]dicos?|revistas?))*\s?$"
)
