"""The phrases with which English, Spanish and some French texts credit an outlet.

What lives here: tables of phrases, how outlets are joined in one phrase. What must not: the names of outlets, what is
struck out before they are read (`boilerplate`), or a decision about who broke a story (`attribution`).

A phrase is read on the words before a name, up to its first letter, or on the words after it. Its strength says how far
it is believed:

    first     "first reported by X": beats every other credit, wherever it stands
    strong    "documents obtained by X", "an X investigation found": the finding is X's
    medium    "according to X", "X reported": the finding is X's if near the top and nobody has a stronger claim
    via       "via X": X passed it on, or found it where nobody else is credited
    passing   "X previously reported": an older or a side fact
    quoted    "told X": only the place of a quotation
    wire      "WASHINGTON (AP) —": the text itself is X's
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal, get_args

Strength = Literal["first", "strong", "medium", "via", "passing", "quoted", "wire"]

# ---- pieces ---------------------------------------------------------------------------------------------------------

# What may stand between "reported by" and the name: "the British newspaper The …", "el diario estadounidense …".
_KIND_WORDS = (
    r"the an? news tech technology media business investigative nonprofit local rival partner independent"
    r" journalists? reporters? editors? bloggers? writers? (?:at|for|from) weekly daily monthly online radio"
    r" television tv public state-run cable trade industry student regional watchdog conservative left-wing"
    r" right-wing award-winning non-profit both researchers? attorneys? british german french spanish israeli"
    r" american canadian australian mexican us u\.s\. uk outlets? sites? websites? blogs? newspapers? papers?"
    r" magazines? agency agencies services? wire publications? broadcasters? newsletters? newsrooms? stations?"
    r" networks? channels? organi[sz]ations? podcasts? substack el la los las al del de medios? diarios?"
    r" peri[óo]dicos? agencias? revistas? portal(?:es)? cadenas? sitios? web canal noticiero periodistas? rotativo"
    r" televisora emisora plataforma organizaci[óo]n publicaci[óo]n semanario noticias digital(?:es)?"
    r" tecnol[óo]gic[oa] especializad[oa] independiente estadounidense brit[áa]nic[oa] israel[íi] alem[áa]n"
    r" franc[ée]s mexican[oa] espa[ñn]ola? argentin[oa] salvadore[ñn][oa] hispan[oa] le les du des journal"
    r" quotidien m[ée]dias? hebdomadaire am[ée]ricaine? britannique fran[çc]aise? cha[îi]ne agence journaliste"
    r" sp[ée]cialis[ée] d['’]investigation"
)
_KIND = rf"(?:(?:{'|'.join(_KIND_WORDS.split())})[ -]|l['’]|d['’]|[\w.]+['’]s )*$"
_FILLER = r"(?:(?!(?:a|al|que|con|de|del|la|el|los|las|un|una|to|that|by|with) )[a-záéíóúñ]+ ){0,3}"
_WHEN = (
    r"(?: (?:exclusively|earlier|last|this|on|late|early|today|yesterday|in (?:English|Spanish)|\w+day|week|month|year"
    r"|morning|evening|night|and first|luego|despu[ée]s|originalmente|en (?:exclusiva|ingl[ée]s|espa[ñn]ol)),?){0,3}"
)
_GAP = r"(?:,? (?!by )[\w'’-]+){0,4}?,?"  # "published Monday, after a year, by"
_FOUND = (
    r"(?:reported(?: on)?|revealed|disclosed|spotted|discovered|uncovered|exposed|detailed|published|broken|noted"
    r"|identified"
    r"|flagged|obtained|unearthed|documented|described|noticed|announced|told|outlined|surfaced|covered|posted"
    r"|brought to light|made public|appeared|ran|aired|printed)"
)
_TO_FIND = (
    r"(?:report|reveal|disclose|spot|discover|uncover|expose|detail|publish|break|note|identify|flag|obtain|notice|find"
    r"|document|describe|write|tell|bring)"
)
_PAPERS = (
    r"(?:documents?|records?|files?|e-?mails?|messages?|contracts?|memos?|memorand(?:um|a)|data|materials?|videos?"
    r"|audio"
    r"|footage|recordings?|slides?|presentations?|letters?|transcripts?|filings?|copy|copies|spreadsheets?|figures"
    r"|drafts?"
    r"|chats?|posts?|screenshots?|images?|manuals?|guides?|logs?|reports?|information|correspondence|notes|papers"
    r"|invoices?|orders?|list|agreements?|proposals?|details|cache|trove)"
)
_READ_BY = (
    r"(?:obtained|reviewed|seen|viewed|accessed|acquired|published|identified|analy[sz]ed|examined|verified|uncovered"
    r"|unearthed|read|compiled|gathered|heard|posted(?: online)?|released|collected|unsealed)"
)
_GOT = (
    rf"(?:{_READ_BY}{_WHEN} by|(?:leaked|provided|shown|given|released|sent|disclosed|shared)(?: \w+ly)? (?:to|with))"
)
_PAPELES = (
    r"(?:documentos?|correos?|mensajes?|memor[áa]nd(?:um|o|ums)|archivos?|registros?|contratos?|datos|expedientes?"
    r"|informes?|grabaci[óo]n(?:es)?|im[áa]genes|informaci[óo]n|cartas?|presentaci[óo]n(?:es)?|v[íi]deos?|audios?"
    r"|facturas?)"
)
_OBTENIDO = (
    r"(?:obtenid|revisad|vist|citad|consultad|filtrad|publicad|analizad|conseguid|examinad|recabad|le[íi]d|entregad"
    r"|recopilad|reunid)"
    r"[oa]s?"
)
_STUDY = r"(?:investigation|review|analysis|exclusive|scoop|probe|expos[ée]|examination|inquiry)"
_DIJO = (
    r"(?:dij[oe]|dijeron|declar[óo]|declararon|indic[óo]|asegur[óo]|explic[óo]|confirm[óo]|coment[óo]|afirm[óo]"
    r"|cont[óo]|se[ñn]al[óo]|respondi[óo]|respondieron|contest[óo]|contestaron|dicho|declarado|asegurado)"
)
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|early|late|mid"
    r"|19\d\d|20\d\d)"
)
_LONG_AGO = (
    r"(?:(?:back |as early as )?in (?:(?:\w+ )?(?:of )?(?:19|20)\d\d)|(?:last|the previous|a) year(?: ago| earlier)?"
    r"|(?:\w+ )?(?:years|months) (?:ago|earlier|before)|in an? (?:(?:19|20)\d\d|earlier|previous|past|old) \w+"
    r"|en (?:\w+ )?(?:de )?(?:19|20)\d\d|el a[ñn]o pasado|hace (?:\w+ )?(?:a[ñn]os?|meses))"
)
_ADVERB = (
    r"(?:(?:has|had|have|also|exclusively|later|since|then|now|can|could|recently|separately|independently|jointly"
    r"|itself"
    r"|ha|han|tambi[ée]n|ya|a|ont|both|each|first) )*"
)
_INFORMA = (
    r"(?:inform|report|se[ñn]al|detall|asegur|precis|public|indic|explic|apunt|afirm|sostien|recog|cuent|relat"
    r"|confirm|cit)"
)
_REVELA = r"(?:revel|destap|adelant|desvel|descubr|divulg|expon|expus|ventil)"
_PAST = r"(?:[óoaei]|i[óo]|aron|ieron|ado|ido)"

# ---- before the name ------------------------------------------------------------------------------------------------

_BEFORE: tuple[tuple[Strength, str], ...] = (
    ("passing", rf"\b(?:previously|earlier|already) {_FOUND} (?:by|in) "),
    ("passing", r"\b(?:earlier|previous|past|older|prior|separate) (?:stor(?:y|ies)|reports?|reporting|investigations?"
     r"|articles?|coverage)(?: \w+)? (?:by|in|from) "),
    ("passing", rf"^\W*{_LONG_AGO},? (?:[a-zé]+ ){{0,3}}"),
    ("passing", r"\bhab[íi]an? (?:ya )?\w+[ai]do "),
    ("first", rf"\b(?:first|originally|initially) (?:{_FOUND}{_WHEN} (?:in|at|on)|\w+{_GAP} by) "),
    ("first", r"\bbroken by "),
    ("first", r"\bappeared (?:first|originally) (?:in|on|at) "),
    ("first", r"\b\w+[óo] (?:primero|por primera vez|antes que nadie|en primicia) "),
    ("first", r"\b(?:primero|por primera vez|en exclusiva|inicialmente|originalmente) (?:(?:en )?\w+ )?(?:por|en) "),
    ("strong", rf"\b{_PAPERS}\b(?:,? [\w'’-]+){{0,8}}?,? {_GOT} "),
    ("strong", rf"\b{_READ_BY}{_GAP} by "),
    ("strong", r"\b(?:leak(?:s|ed)?|tip|tipped off|handed over) to |\bfiltraci[óo]n(?:es)? (?:\w+ )?al? "),
    ("strong", rf"\b(?:revealed|uncovered|exposed|unearthed|disclosed|spotted|detailed|discovered|brought to light|made"
     rf" public|documented|revelations?)(?:{_GAP} by|{_WHEN} (?:in|from)) "),
    ("strong", rf"\b(?:{_STUDY}|(?<!with )reporting) (?:(?:[\w-]+ ){{0,2}}?(?:from|of|in)|(?:[\w-]+ ){{0,7}}?by) "),
    ("strong", r"\b(?:collaboration|partnership|consortium) (?:between|of|by) "),
    ("strong", r"\b(?:report|study|survey|research|audit|lawsuit|suit|records request|informe|reporte|estudio|demanda)"
     r" (?:[\w-]+ ){0,3}?(?:by|from|of|del?) "),
    ("strong", r"\b(?:report(?:s|ed)?|said|says|wrote|inform[óa]|report[óa]|se[ñn]al[óa]) (?:\w+ )?(?:that|que),?"
     r" (?:according to|per|citing|seg[úu]n|citando al?) "),
    ("strong", r"\b(?:citing|cites|cited|quoting|crediting)(?: an?| the)?(?: \w+)?(?: (?:reports?|story|article|piece"
     r"|reporting|investigation))?(?: (?:by|from|in))? "),
    ("strong", r"\b(?:co-published|copublished|co-reported|produced|published) (?:\w+ )?(?:in partnership |jointly"
     r" |in collaboration )?with "),
    ("strong", rf"\b{_PAPELES}\b(?:,? [\w-]+){{0,8}}?,? {_OBTENIDO}(?: en exclusiva)? (?:por|al?) "),
    ("strong", r"\b(?:(?:ha|han) podido|pudo|pudieron|logr[óo]) (?:saber|constatar|comprobar|confirmar|verificar|ver"
     r"|consultar|revisar) "),
    ("strong", r"\b(?:accedi[óo]|tuvo acceso|tenido acceso|tuvieron acceso)(?: en exclusiva| exclusivamente)? "),
    ("strong", rf"\b(?:revelad|destapad|desvelad|adelantad|descubiert|divulgad|expuest"
     rf"|filtrad)[oa]s?{_WHEN} (?:\w+ )?(?:por|al?) "),
    ("strong", rf"\b(?:dad[oa]s? a conocer|sacad[oa]s? a la luz) (?:\w+ )?por |\b(?:dio|dieron"
     rf"|ha dado) a conocer {_FILLER}"),
    ("strong", r"\b(?:investigaci[óo]n|an[áa]lisis|reportaje|exclusiva|revelaci[óo]n|revelaciones)(?: [\w-]+){0,2}?"
     r" (?:de|del|por|en) "),
    ("strong", rf"\b{_REVELA}{_PAST} {_FILLER}"),
    ("strong", rf"\bseg[úu]n (?:lo )?(?:ha )?(?:{_INFORMA}|{_REVELA}){_PAST} {_FILLER}(?:por )?"),
    ("strong", r"\br[ée]v[ée]l[ée]e?s? (?:\w+ )?par |\bcomme l[ea] r[ée]v[ée]l(?:ait|e) "
     r"|\br[ée]v[ée](?:l[ée]|le|lait|laient|l[èe]rent) "),
    ("strong", r"\b(?:enqu[êe]tes?|r[ée]v[ée]lations?|informations?) (?:\w+ )?(?:de |du |d['’])"),
    ("strong", r"\b(?:obtenu|consult[ée]|analys[ée]|publi[ée])e?s? par |\b(?:citant"
     r"|citando|cita|cit[óo])(?: al?)? (?:una? \w+ del? )?"),
    ("strong", r"\b(?:investigaci[óo]n|informe|reporte|an[áa]lisis|reportaje|estudio)(?: [\w-]+){0,4} por "),
    ("medium", r"(?<!con )\b(?:informes|reportes) del? "),
    ("quoted", r"\b(?:told|tells|telling|assured|informed|briefed) (?:reporters (?:at|from) )?"),
    ("quoted", rf"\b(?:quoted|interviewed|asked|reached|contacted|questioned|pressed|approached){_GAP} by "
     rf"|\bquoted in "),
    ("quoted", r"\b(?:confirmed|denied|said|described|explained|acknowledged|admitted|repeated|insisted|emailed)"
     r"(?: [\w'’-]+){0,6} to "),
    ("quoted", r"\b(?:wrote|writes|writing|written|column|essay) (?:in|for) "),
    ("quoted", r"\b(?:statement|e-?mail|e-?mailed|comments?|remarks?|response|interview|letter|questions?"
     r"|inquir(?:y|ies)"
     r"|requests?|op-ed)\b(?: [\w-]+){0,3}? (?:to|with|on|for|in|from) "),
    ("quoted", r"\b(?:speaking|spoke|talking|talked|confirmed|responded|explained|said|appeared|appearing|respond"
     r"|responding) (?:to|with|on|in an interview with) "),
    ("quoted", rf"\b{_DIJO}(?: [\w,]+){{0,4}}? (?:al?|en) "),
    ("quoted", r"\b(?:declaraci[óo]n(?:es)?|comunicado|entrevista|correo|respuesta|mensaje)(?: [\w-]+){0,3} (?:al?|con"
     r"|para|en) "),
    ("quoted", r"\b(?:interrog[ée]|contact[ée]|sollicit[ée]|cit[ée])e?s? par "),
    ("quoted", r"\b(?:entrevistad[oa]s? por|(?:consultad|preguntad|contactad|cuestionad)[oa]s? (?:\w+ )?por"
     r"|conversaci[óo]n con|habl[óo] con|convers[óo] con|(?:preguntas?|consultas?"
     r"|solicitud(?:es)?(?: de (?:comentarios?|informaci[óo]n))?|petici[óo]n(?: de \w+)?) (?:de|del)) "),
    ("quoted", r"\b(?:d[ée]clar[ée]|confi[ée]|dit|assur[ée]|expliqu[ée]|indiqu[ée]|affirm[ée])"
     r"(?: [\w'’]+){0,4} (?:à|au|aux) "),
    ("medium", rf"\b(?:according to|reported (?:by|in)|reports? (?:by|from|in)|per){_WHEN} "),
    ("via", r"\b(?:via|h/t|hat tip to|v[íi]a) "),
    ("medium", rf"\b(?:published|reported|detailed|described|matched|echoed|followed up|picked up|confirmed|aired"
     rf"|posted|compiled|written){_GAP} by "),
    ("medium", r"\b(?:seen (?:in|on)|published (?:by|in)|(?:story|article|piece|column) (?:by|from|in)) "),
    ("medium", r"\b(?:read|see|find) (?:the )?(?:full |original )?(?:story|article|report|piece|more|it|version)"
     r"(?: \w+)? (?:at|on|in|from) "),
    ("medium", r"\b(?:datos|informaci[óo]n|informaciones) (?:publicad[oa]s? )?(?:de|del|por) "),
    ("medium", r"[,”\"'’»] (?:reported|reports|wrote|writes|noted|notes|revealed|reveals|says|said|finds|found) "),
    ("medium", r"\b(?:later|also|subsequently|then) by "),
    ("medium", r"\b(?:seg[úu]n|de acuerdo (?:con|a)|conforme a(?: lo)?(?: expuesto| publicado)?(?: por)?"
     r"|citad[oa]s? (?:por|en)"
     r"|recogid[oa]s? por) "),
    ("medium", rf"\b{_INFORMA}(?:[óa]|aron|an) {_FILLER}"),
    ("medium", rf"\b(?:publicad|reportad|informad|difundid)[oa]s?{_WHEN} (?:por|en) |\b(?:informe|reporte"
     rf"|art[íi]culo|nota) del? "),
    ("medium", r"\b(?:selon|d['’]apr[èe]s|rapporte|indique|affirme|relay[ée]e?s? par) "),
    ("wire", r"\b(?:con (?:informaci[óo]n|datos|reportes?) de|fuente:|source:|with (?:reporting|files|material"
     r"|information)"
     r" (?:by|from)|avec) "),
    ("wire", r"\b(?:material|content|dispatch(?:es)?) (?:from|by|of) "),
    ("wire", r"\b[Rr]eporting by [^\n]{0,160}?(?:\bfor|;|,) |(?:©|\(c\)|\bCopyright) ?(?:\d{4},? )?"),
    ("wire", r"^\s*(?:by|por|par) (?:[^\W\d_][\w.'’-]+ ){0,3}(?:[\w.'’-]+, ?)?"),
)  # fmt: skip

# ---- after the name -------------------------------------------------------------------------------------------------

_AFTER: tuple[tuple[Strength, str], ...] = (
    ("passing", rf",? {_ADVERB}(?:previously|earlier|already) (?:\w+ed|found|wrote|written)\b"),
    ("passing", rf",? {_ADVERB}(?:noted|reported|wrote|revealed|found) (?:back )?in {_MONTH}\b"),
    ("passing", r",? had (?:also |already )*(?:reported|revealed|found|written|noted|detailed|documented|described"
     r"|published|disclosed|exposed)\b"),
    ("passing", r" hab[íi]an? (?:ya )?\w+[ai]do\b"),
    ("quoted", r"['’]?s? (?:\w+ )?(?:requests?|questions?|inquir(?:y|ies)|e-?mails?) (?:for|about|seeking|asking)\b"),
    ("quoted", r"['’]s? (?:questions|inquir(?:y|ies)|requests?)\b"),
    ("first", r",? had (?:the|this) (?:news|story|scoop)\b"),
    ("first", rf",? {_ADVERB}first \w+(?:ed|ught|oke|ote|aw|old|ound)\b"),
    ("first", rf",? {_ADVERB}(?:was |were |is )?(?:among )?(?:the )?first (?:\w+ )?(?:to )?(?:{_FOUND}|{_TO_FIND})\w*"),
    ("first", rf",? (?:which|who|that) {_ADVERB}(?:first|initially|originally) \w+"),
    ("first", rf",? (?:which )?{_ADVERB}(?:broke|breaks) (?:the |this )?(?:news|story|scoop)\b"
     rf"| to break the (?:news|story)\b"),
    ("first", r",? (?:fue|fueron) (?:el |la |los |las )?primer[oa]?s? (?:medios? |diarios? )?en \w+r\b"),
    ("strong", rf"(?:['’]s?)? (?:\w+ ){{0,2}}?{_STUDY}\b"),
    ("strong", r"(?:['’]s?)? (?:\w+ )?report (?:found|finds|reveal|show|detail|expos|publish|claim|that)\w*"),
    ("strong", rf",? {_ADVERB}(?:obtained|reviewed|uncovered|analy[sz]ed|examined|verified|acquired|documented"
     rf"|reveal(?:s|ed)?|expose[sd]|learned|discovered|sued for"
     rf"|unearthed|disclosed)\b"),
    ("strong", r",? (?:which|who|that) (?:has |have |had )?(?:obtained|reviewed|saw|viewed|analy[sz]ed|examined"
     r"|seen)\b"),
    ("strong", r"['’]s? (?:\w+ ){0,2}?(?:findings?|revelations?|disclosures?)\b"),
    ("strong", r",? (?:has |have )?(?:got|gotten|gained) (?:hold of|access to|through|via|its hands on)\b"),
    ("strong", r",? (?:has|have) (?:seen|viewed|read|heard)\b"),
    ("strong", rf",? (?:que )?{_ADVERB}{_REVELA}{_PAST}\b"),
    ("strong", rf",? (?:que )?{_ADVERB}(?:accedi[óo]|tuvo acceso|tenido acceso|revis[óo]|analiz[óo]|hall[óo]"
     rf"|constat[óo]|document[óo]|obtuvo|obtenido|dio a conocer"
     rf"|dado a conocer"
     rf"|sac[óo] a la luz)\b"),
    ("strong", r",? (?:qui )?(?:a |ont )?(?:pu )?(?:r[ée]v[ée]l[ée]|r[ée]v[èe]le|consult(?:[ée]|er)|obten(?:u|ir)|voir"
     r"|v[ée]rifi(?:[ée]|er)|acc[ée]d(?:[ée]|er))\b"),
    ("medium", rf",? {_ADVERB}(?:reports?|reported|reporting|wrote|writes|notes|noted|explains|explained|citing|quoting"
     rf"|cited|citando|citant"
     rf"|describe[sd]|investigated|investigates|shows?|finds?|confirmed|confirms|digs? into|dug into|looked into)\b"),
    ("medium", rf",? {_ADVERB}(?:said|says)\b(?! (?:it|its|they|in a statement)\b)"),
    ("medium", rf",? {_ADVERB}(?:details?|detailed|published|found|estimated|claims?|claimed|alleges?|alleged"
     rf"|understands"
     rf"|counted|calculated|identified|tracked|traced|mapped|compared)\b"),
    ("quoted", r",? (?:has |have )?(?:spoke|spoken|interviewed|asked)\b"),
    ("medium", r",? (?:has|have) been (?:covering|reporting|tracking|investigating)\b"),
    ("medium", rf",? {_ADVERB}(?:tested|sifted|combed|pored|surveyed|requested|sued)\b"),
    ("medium", rf",? {_ADVERB}(?!announc|decid|agree|insist|den|promis|pledg|rul|order)[a-z]+(?:ed|s) (?:that|how)\b"),
    ("medium", rf",? (?:que )?{_ADVERB}(?!anunci|neg|decid|promet|orden)[a-zé]+(?:[óa]|aron) que\b"),
    ("medium", rf",? {_ADVERB}(?:retom|replic|recogi|difundi)(?:[óao]|eron|aron)\b"),
    ("medium", r",? (?:was|were|has been) (?:told|shown|given)\b"),
    ("medium", r"['’]s? (?:\w+ ){0,2}?(?:reporting|report|story|article|piece|documentary|coverage|tally|database)\b"),
    ("medium", rf",? (?:que )?{_ADVERB}{_INFORMA}{_PAST}\b"),
    ("medium", r",? (?:qui )?(?:a |ont )?(?:rapport[ée]|rapporte|indiqu[ée]|indique|affirm[ée]|affirme|[ée]crit)\b"),
    ("wire", r",?(?: and [\w ]{2,30})? (?:contributed|contribuy[óo]) (?:to|a|reporting|with)\b"),
)  # fmt: skip

# "A Reuters photographer", "a Reuters/Ipsos poll": no word about whose finding it is.
IN_PASSING = re.compile(
    r"^(?:/[A-Z][\w-]+)? (?:correspondents?|columnists?|editors?|photographers?|photojournalists?|polls?|survey|series"
    r"|podcast|app|president|presidente|admiral|chair|mayor|minister|headquarters|executives?|shareholders?|shares"
    r"|stock"
    r"|subscribers?|parent|owners?|fot[óo]graf[oa]|encuesta)\b",
    re.IGNORECASE,
)
# "The Oregonian/OregonLive reported", "the Chronicle's Jane Roe reports": what stands between an outlet and its deed.
OF_IT = re.compile(
    r"^(?:/\w+|['’]s (?:[A-Z][\w.'’-]+ ){1,3}(?=[a-z])| (?:reporters?|journalists?|writers?"
    r"|staff) (?:[A-Z][\w.'’-]+ (?:and )?){1,6})"
)

Phrases = Mapping[Strength, tuple[re.Pattern[str], ...]]


# What an ordinary word never does: "Reason reported" is the magazine, "Reason says" may be reason.
REPORTED = re.compile(r"^,? (?:has |had |ha )?(?:reported|reports that|inform[óo]|report[óo]|public[óo]|revel[óo])\b")

# "Jeff Bezos, who owns the Washington Post, said": the deed is the owner's.
OWNED = re.compile(
    r"\b(?:own(?:s|ed|er of|ers of)|bought|buys|acquired|acquires|parent(?: company)? of|publisher of|publishes"
    r"|invest(?:or|ed) in"
    r"|due[ñn][oa] de|propietari[oa] de|propri[ée]taire (?:de|du)) (?:the |el |la |le )?$",
    re.IGNORECASE,
)


@cache  # compiled where a text names an outlet for the first time: a start that reads no text need not wait for them
def phrases_before() -> Phrases:
    return _by_strength((strength, f"(?:{phrase}){_KIND}") for strength, phrase in _BEFORE)


@cache
def phrases_after() -> Phrases:
    return _by_strength((strength, f"^(?:{phrase})") for strength, phrase in _AFTER)


def _by_strength(phrases: Iterable[tuple[Strength, str]]) -> Phrases:
    found: dict[Strength, tuple[re.Pattern[str], ...]] = dict.fromkeys(get_args(Strength), ())
    for strength, phrase in phrases:
        found[strength] += (re.compile(phrase, re.IGNORECASE),)
    return found


# "…: X", "… - X" and "… (via X)" at the end of a headline; "X: …" at its head.
TAIL = re.compile(r"(?:[:|]|\s[-–—]|[(\[](?:via|source:|v[íi]a|h/t)?)\s*$", re.IGNORECASE)
TAIL_END = re.compile(r"^\s*(?:reports?|says|finds|reveals|report[óo]|informa)?[.”\"')\]]?\s*$", re.IGNORECASE)
HEAD = re.compile(r"^\W*(?:(?:report|exclusive|informe|exclusiva)\W+)?$", re.IGNORECASE)
HEAD_END = re.compile(r"^(?: reports?| investigation| exclusive)?(?::|\]) \S")

# "…the files. — X" at the very end of a text: whose copy it is.
SIGNED = re.compile(r"[—–(.\n-]\s*$")
SIGNED_END = re.compile(r"^\)?\.?\s*$")

# "WASHINGTON, Feb. 3 (AP) — …", "MÉXICO (EFE).-", at the very beginning of a text.
DATELINE = re.compile(r"^\s*(?:[^\W\d_][\w.,'’/ -]{2,60} )?\($|^\s*(?:[^\W\d_][\w.,'’/ -]{2,60}[,.] ?)?$")
DATELINE_END = re.compile(r"^\)?\.? ?[-–—]{1,2}(?:\s|$)|^\)\.?[-–—: ]")

# What may join two names into one credit: "X, with its partners Y and Z".
# ", and CNN has since confirmed it": no part of the credit before it.
APART = re.compile(
    r"^ (?:has |have |ha |han )?(?:since|later|then|also|subsequently|too|despu[ée]s|luego|tambi[ée]n)\b"
)
JOINED = re.compile(
    r"^(?:['’]s)?(?:,? (?:and|with|y|e|et|along with|together with|alongside|in partnership with|in collaboration with"
    r"|junto (?:con|al?)|en colaboraci[óo]n con|in collaboration with|(?:which|who) (?:worked|partnered"
    r"|teamed up) with)"
    r"|,? (?:and |y )?(?:then |later |also )?(?:shared|provided|given|compartid[oa]s?)(?: \w+ly)? (?:with|to|con)"
    r"|,|\s?/|\s?&)(?: its partners?,?| sus socios)?(?: (?:also|both|to|by|from|in|por|con|al?|the"
    r"|an?|el|la|los|las|Israeli|Palestinian|Hebrew|British|German|French|Israeli-Palestinian|magazine|news"
    r"|outlets?|sites?"
    r"|publications?|[\w-]+-language|medios?|diarios?|peri[óo]dicos?|revistas?))*\s?$"
)
