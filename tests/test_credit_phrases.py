"""Every phrase with which a text credits an outlet, or does not: X stands for the outlet."""

from __future__ import annotations

import pytest

from monitor.model import Document
from monitor.story.attribution import attribute
from monitor.story.outlets import shipped

ORIGIN = """
It was first spotted by X.
They were first discovered by X last year.
The deal, first disclosed in a report by X, is worth millions.
X first reported that the deal is on.
X first reported the deal.
The deal, which was first reported by X, is on.
X, which broke the news, says more is coming.
X, which broke the story on Monday, says more is coming.
An investigation by X found that it is on.
A report by X revealed it.
A review by X shows it.
An analysis by X found it.
According to an X investigation, it is on.
According to a X analysis, it is on.
Documents obtained by X show it.
Records recently reviewed by X show it.
Files seen by X show it.
Emails viewed by X show it.
Messages accessed by X show it.
A contract acquired by X shows it.
A memo published by X shows it.
Data identified by X shows it.
Internal material reviewed by X says so.
It is on, according to X.
X reports that it is on.
X reported on Tuesday that it is on.
It is on, X reported Friday.
It is on, per X.
As X explains, it is on.
As X notes, it is on.
As reported by X, it is on.
In a report from X, it is on.
In a report by X, officials say it is on.
The paper said so, citing X.
It is on (via X).
Según reveló el medio X, sigue.
Según publicó el diario X, sigue.
Según informó la agencia X, sigue.
Según reportó el periódico X, sigue.
Una investigación de X reveló que sigue.
Un informe del medio X expone el caso.
Un reporte realizado por X muestra el caso.
Documentos internos obtenidos por X muestran el caso.
Correos filtrados vistos por X muestran el caso.
Un memorándum citado en exclusiva por X muestra el caso.
Mensajes revisados por X muestran el caso.
Los archivos a los que accedió X muestran el caso.
Los archivos a los que tuvo acceso X muestran el caso.
El caso fue revelado por X.
El caso lo adelantó X.
Sigue, según X.
De acuerdo con X, sigue.
Conforme a lo expuesto por X, sigue.
X informó que sigue.
X señaló que sigue.
X detalló que sigue.
X aseguró que sigue.
X precisó que sigue.
Sigue, reportó X.
Lo dijo el diario, citando a X.
El caso, en declaraciones recogidas por X, sigue.
L'affaire a été révélée par X.
Comme le révélait X, l'affaire continue.
Selon une enquête de X, l'affaire continue.
Selon des enquêtes de X, l'affaire continue.
X revealed on Monday that the tool exists.
The tool exists, X revealed.
The tool exists, X has reported.
It was X that first revealed the tool.
It was X's reporting that forced the change.
X's exclusive showed the tool at work.
A story in X said that the tool exists.
News site X says that the tool exists.
Reporters at X found that the tool exists.
The tool was the subject of a X exposé.
X uncovered emails about the tool.
X has learned that the tool exists.
The tool exists, reports X.
The tool exists, says X.
El medio especializado X descubrió la herramienta.
La herramienta, destapada por X, sigue en uso.
Así lo reveló X.
Así lo publica X.
Así consta en documentos publicados por X.
Lo anterior fue dado a conocer por X.
X dio a conocer que sigue.
Esto lo reportó X el lunes.
Reportes de X indican que sigue.
Según el reporte de X, sigue.
Según un artículo de X, sigue.
Según recoge X, sigue.
Tal y como adelantó X, sigue.
Un reportaje de X documenta el caso.
"""
QUOTED = """
The firm told X that it is on.
In a statement to X, the firm said so.
In an emailed statement to X, the firm said so.
She said in an interview with X that it is on.
The firm did not respond to X's request for comment.
The firm did not immediately respond to a request for comment from X.
Dijo a X que sigue.
Declaró a X que sigue.
En una declaración a X, negó todo.
Sigue, según indicó la compañía a X.
The firm, in a statement shared with X, denied it.
“No,” she told X.
The firm declined to comment to X.
En entrevista con X, negó todo.
Según dijo a X, sigue.
Explicó a X que sigue.
A spokesperson said in an email to X that it is on.
The firm confirmed to X that it is on.
Los portavoces respondieron a X que sigue.
"""
RELAY = """
X has previously reported on the firm.
X previously reported that it was on.
X noted in February that it was on.
It was on, as X reported in 2021.
X had reported in May that it was on.
As previously reported by X, it was on.
Como ya había publicado X, sigue.
"""
NOBODY = """
Photo: X.
Foto: X
Amazon's founder owns X and a rocket firm.
Follow X on Instagram.
Subscribe to X today.
A tower. (Photo by Jane Roe/X)
X has reached out to the firm for comment.
X is a newspaper.
"""
CASES = [
    (role, line)
    for role, lines in (("origin", ORIGIN), ("quoted", QUOTED), ("relay", RELAY), ("", NOBODY))
    for line in lines.strip().splitlines()
]


@pytest.mark.parametrize(("role", "line"), CASES)
@pytest.mark.parametrize("name", ["The Guardian", "WIRED", "404 Media"])
def test_a_phrase_gives_a_role(role: str, line: str, name: str) -> None:
    """With names of every make: with an article, a word of the language, with a figure."""
    text = line.replace("an X", f"a {name.removeprefix('The ')}").replace("a X", f"a {name.removeprefix('The ')}")
    found = attribute(Document(id="x", title="", text=text.replace("X", name), outlet="gazette.example"), shipped())
    assert [credit.role for credit in found.credits] == ([role] if role else [])
    assert bool(found.origin) == (role == "origin")
