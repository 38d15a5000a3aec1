"""The words by which forwarded mails are recognised: delimiters, names of header fields, prefixes.

Most come from ``email-forward-parser``, which knows what Apple Mail, Gmail, HubSpot, Outlook,
Thunderbird and Yahoo write in some twenty languages. Only its words are taken. Its search is
not: it looks for a From field anywhere in the body, takes any mail with a forward's subject for
one, knows no HTML, and its expressions take quadratic to cubic time (8,000 blank lines: 15 s).
So the words are looked up here in sets, line by line.
"""

import re
from functools import lru_cache

from emailforwardparser import regexs

from .subject import FORWARD

MAX_LABEL = 30  # characters
MAX_PHRASE = 80

# What is left of an expression such as (?m)^>?\s*-{5,8} Przekazana wiadomość -{5}\s*
_SYNTAX = re.compile(
    r"\(\?\w+\)|\\s[*?]?|\\\*\?|-\{[\d,]+\}|>\?|[:：]?\(\.\+\??\)|\(\.\+\)|[()^$`]|[:：]\??"
)
_UNUSABLE = re.compile(r"[\[\]{}*+?|\\.]")


def _plain(pattern: re.Pattern) -> str:
    """The words of an expression; empty if it is not made of words alone."""
    words = _SYNTAX.sub(" ", pattern.pattern.replace(r"\/", "/"))
    words = " ".join(words.split()).casefold()
    return "" if _UNUSABLE.search(words) else words


def _words(patterns) -> set[str]:
    return {_plain(each) for each in patterns} - {""}


#: Delimiters of programs and versions that it does not know, or words with a dot.
_FORWARDED = {
    "välitetty viesti / fwd.msg", "forwarded message", "forwarded mail", "forwarded email",
    "weitergeleitete e-mail", "weitergeleitete mail", "message transféré", "e-mail transféré",
    "message réexpédié", "mensaje reenviado", "correo reenviado", "mensagem encaminhada",
    "mensagem reencaminhada", "messaggio inoltrato", "doorgestuurd bericht",
    "doorgezonden bericht", "przekazana wiadomość", "wiadomość przekazana",
    "przesłana wiadomość", "wiadomość przesłana dalej", "vidarebefordrat meddelande",
    "vidarebefordrat mejl", "vidarebefordrat brev", "videresendt melding", "videresendt e-post",
    "videresendt meddelelse", "videresendt besked", "videresendt mail",
    "edelleenlähetetty viesti", "välitetty viesti", "lähetetty edelleen",
    "start på videresendt meddelelse", "starten på den videresendte meldingen",
    "början på vidarebefordrat meddelande", "begin forwarded message",
    "anfang der weitergeleiteten nachricht", "anfang der weitergeleiteten e-mail",
    "début du message transféré", "début du message réexpédié", "inicio del mensaje reenviado",
    "início da mensagem encaminhada", "início da mensagem reencaminhada",
    "inizio messaggio inoltrato", "begin doorgestuurd bericht",
    "początek przekazywanej wiadomości", "start på videresendt besked",
    "vidarebefordrat meddelande börjar", "välitetty viesti alkaa",
}  # fmt: skip
#: Delimiters that programs put before what they quote in replies, too.
ORIGINAL = {
    "original message", "original email", "original-nachricht", "originalnachricht",
    "ursprüngliche nachricht", "message d'origine", "message d’origine", "message original",
    "mensaje original", "mensagem original", "messaggio originale", "oorspronkelijk bericht",
    "origineel bericht", "oryginalna wiadomość", "wiadomość oryginalna", "treść oryginalnej"
    " wiadomości", "ursprungligt meddelande", "originalmeddelande", "opprinnelig melding",
    "original melding", "oprindelig meddelelse", "original meddelelse", "oprindelig besked",
    "alkuperäinen viesti",
}  # fmt: skip
#: Delimiters of forwards alone.
FORWARDED = (_FORWARDED | _words(regexs.SEPARATOR)) - ORIGINAL

_FIELDS = {
    "from": _words(regexs.ORIGINAL_FROM)
    | {"afsender", "afzender", "avsender", "avsändare", "expéditeur", "remetente", "remitente"},
    "to": _words(regexs.ORIGINAL_TO)
    | {"adressat", "destinataire", "destinatario", "destinatário", "kenelle", "modtager",
       "mottagare", "mottaker", "ontvanger", "empfänger", "adresat", "odbiorca"},
    "cc": _words(regexs.ORIGINAL_CC)
    | {"cc", "cópia", "copia", "copie", "kopi til", "kopie an", "kopia till", "dw", "do wiadomości",
       "con copia", "copie à", "kopie (cc)", "cci"},
    "date": _words(regexs.ORIGINAL_DATE)
    | _words(regexs.ORIGINAL_DATE_LAX)
    | {"data invio", "date d'envoi", "date d’envoi", "enviada", "enviada el", "enviada em",
       "enviado", "enviado el", "enviado em", "enviado a", "envoyé", "envoyé le", "gesendet",
       "gesendet am", "inviato", "inviato il", "lähetetty", "sendt", "sent", "skickat", "verzonden",
       "verzonden op", "wysłane", "wysłano", "data wysłania"},
    "subject": _words(regexs.ORIGINAL_SUBJECT)
    | _words(regexs.ORIGINAL_SUBJECT_LAX)
    | {"assunto", "emne", "temat", "otsikko"},
    "reply-to": _words(regexs.ORIGINAL_REPLY_TO) | {"reply-to", "reply to"},
    "other": {
        "attachments", "anlagen", "anhänge", "pièces jointes", "allegati", "anexos", "adjuntos",
        "bijlagen", "bilagor", "vedlegg", "vedhæftede filer", "liitteet", "załączniki", "bcc",
        "importance", "priority", "wichtigkeit", "priorität", "prioridad", "importancia",
        "importance haute", "priorità", "prioriteit", "urgentie", "prioritet", "viktighet",
        "prioritering", "tärkeys", "ważność", "organization", "organisation", "message-id",
        "sender", "mailing list", "list", "resent-from", "blindkopie",
    },
}  # fmt: skip
_FIELD_OF = {word: field for field, words in _FIELDS.items() for word in words}

# A forward's prefix in Danish and Norwegian, and one of a reply in Finnish.
_EITHER = {"vs"}
_PREFIX = re.compile(
    r"\s*(?:\[[^\[\]]{0,80}\]\s*){0,5}([^\W\d_]{1,14})\.?(?:\s?[\[(]\d{1,3}[\])]|\d{1,3})?\s?[:：]"
)
_WRAPPED = re.compile(r"\s*\[\s*(?:fwd?|wg|tr)\s*:|.*\(fwd\)\s*$", re.IGNORECASE)
_FORWARD_LANGUAGES = {"da", "no", "nb", "nn"}
_AROUND = " \t*_=-–—~>#."

_LABEL = re.compile(r"[*_ ]{0,4}([^\W\d_][^:：@<>]{0,40}?)\s?[*_]{0,3}\s?[:：]\s?[*_]{0,3}\s*(.*)")


@lru_cache(maxsize=2000)
def _field_of(label: str) -> str | None:
    return _FIELD_OF.get(" ".join(label.split()).casefold())


def label(text: str) -> tuple[str, str] | None:
    """A line as name and value of a header field, whatever its name; None if it is none."""
    match = _LABEL.match(text)
    if not match or len(match[1]) > MAX_LABEL:
        return None
    return match[1], match[2]


def field(text: str) -> tuple[str, str] | None:
    """A line as field and value.

    :return: the field is one of ``from``, ``to``, ``cc``, ``date``, ``subject``, ``reply-to`` and
        ``other``; None if the line is none of these
    """
    found = label(text)
    name = found and _field_of(found[0])
    return (name, found[1]) if name else None


def _phrase(text: str) -> str:
    """The words of a delimiter; empty if the line looks like none."""
    if not text or len(text) > MAX_PHRASE:
        return ""
    bare = text.strip(_AROUND)
    ends = bare.endswith((":", "："))
    bare = bare.rstrip(":： ").strip(_AROUND)
    framed = text.lstrip("> ")[:2] in ("--", "==", "**", "__", "~~", "——", "––") and text.rstrip(
        " :"
    ).endswith(("--", "==", "**", "__", "~~", "——", "––"))
    return bare.casefold() if ends or framed else ""


def is_forwarded(text: str) -> bool:
    """Whether a line is a delimiter that only forwards have."""
    phrase = _phrase(text)
    return bool(phrase) and (phrase in FORWARDED or f"{phrase}." in FORWARDED)


def is_original(text: str) -> bool:
    """Whether a line is a delimiter that replies have, too."""
    return _phrase(text) in ORIGINAL


def subject_kind(subject: str, language: str = "") -> str:
    """What the first prefix of a subject says.

    :param language: of the program that wrote it, as in ``da-DK``; tells the two *VS:* apart
    :return: ``"forward"``, ``"either"`` (*VS:* in an unknown language), or ``""``
    """
    subject = subject[:400]
    match = _PREFIX.match(subject)
    if match:
        word = match[1].casefold().replace("i\u0307", "i")
        if len(word) == 1 and not match[1].isupper():
            return ""
        if word in _EITHER:
            primary = language[:2].lower()
            if primary == "fi":
                return ""
            return "forward" if primary in _FORWARD_LANGUAGES else "either"
        return "forward" if word in FORWARD else ""
    return "forward" if _WRAPPED.match(subject) else ""
