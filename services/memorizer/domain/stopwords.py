"""Function words: general language knowledge, for keywords and sentence weights."""

_ENGLISH = """
a about above after again against all also am an and any are as at be because been before being
below between both but by can could did do does doing down during each either etc few for from
further had has have having he her here hers herself him himself his how however i if in into is
it its itself just many may me might more most much must my myself no nor not now of off on once
one only or other our ours out over own per same shall she should since so some such than that
the their theirs them then there these they this those through to too two under until up upon us
use used using very was we were what when where which while who whom whose why will with within
without would you your yours
"""
ENGLISH = frozenset(_ENGLISH.split())
EDGES_CHINESE = frozenset(
    "的了和与或及等在是为以对于从到由被把将向其此该这那个之而且但也都就还又很更最不没有可能会要应须者所并已"
    "下上中内外前后时年月日第一二三四五六七八九十百千万元我你他她它们吗呢吧啊着过如若则因按经各每"
)
