"""On what a claim stands, or why there is none. Words for people, codes for programs."""

from __future__ import annotations

from steadyhand.text.coded import Coded


class Basis(Coded):
    """The first four carry a claim; all others make it unclear, and each member says why in a sentence."""

    SENTENCE = "sentence", "A sentence says it of the name."
    LABEL = "label", "The label or remark beside the name says it."
    LIST = "list", "It is an entry of a list whose heading says it."
    TABLE = "table", "Its row or column says it."

    ORDER = "order", "Text beside it speaks to a machine or gives orders: no witness."
    QUOTED = "quoted", "It stands in a quotation."
    QUESTION = "question", "It is a question."
    CONDITION = "condition", "It holds only under a condition."
    NEGATION = "negation", "It is denied."
    HEARSAY = "hearsay", "It is suspected or told by others, not found."
    PAST = "past", "It was so once, and is over."
    EXAMPLE = "example", "It is an example."
    VICTIM = "victim", "It is what was attacked, not who attacked."
    IMITATED = "imitated", "It is what was imitated."
    REPORTER = "reporter", "It reports, publishes or takes reports."
    SERVICE = "service", "It is an ordinary service that was used."
    NO_NAME = "no_name", "It touches a character that makes it a part of something else."
    URL_PART = "url_part", "It stands inside another address."
    MAIL = "mail", "It belongs to a mail address."
    HIDDEN = "hidden", "It stands in a comment or in hidden markup."
    LINK_TEXT = "link_text", "It is the text of a link that leads elsewhere."
    NETWORK = "network", "It names a network or all names below, not this host."
    LONG = "long", "Its sentence is too long to be read safely."
    MODEL = "model", "The model does not read it so, or gave no answer that counts."
    CONFLICT = "conflict", "The report says different things of it."
    NONE = "none", "Nothing that the report says of it is a listed accusation."


# Against an accusation elsewhere in the same report these weigh: the name may be meant otherwise there as well.
DOUBTS = frozenset((Basis.NEGATION, Basis.PAST, Basis.VICTIM, Basis.IMITATED))
