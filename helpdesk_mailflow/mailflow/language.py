"""The language that a mail is written in.

Told by py3langid (a naive Bayes classifier over byte sequences) from the beginning of what the
author wrote: not from quotes, addresses and links. Below :data:`CONFIDENCE` nobody is helped by
a guess, and the language is unknown.
"""

import logging
import re
from functools import lru_cache

from .mail import Mail
from .reply import cut_text

_logger = logging.getLogger(__name__)

#: ISO 639-1 codes that :func:`language_of` may return besides ``""``.
LANGUAGES = (
    "af", "am", "an", "ar", "as", "az", "ba", "be", "bg", "bn", "br", "bs", "ca", "cs", "cy",
    "da", "de", "dz", "el", "en", "eo", "es", "et", "eu", "fa", "fi", "fo", "fr", "fy", "ga",
    "gd", "gl", "gu", "ha", "he", "hi", "hr", "ht", "hu", "hy", "id", "ig", "is", "it", "ja",
    "jv", "ka", "kk", "km", "kn", "ko", "ku", "ky", "la", "lb", "lg", "ln", "lo", "lt", "lv",
    "mg", "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl", "nn", "no", "oc", "om", "or",
    "pa", "pl", "ps", "pt", "qu", "ro", "ru", "rw", "sa", "se", "si", "sk", "sl", "sn", "so",
    "sq", "sr", "st", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl", "tr", "tt", "ug", "uk",
    "ur", "uz", "vi", "vo", "wa", "xh", "yo", "zh", "zu",
)  # fmt: skip
#: Probability from which a result counts.
CONFIDENCE = 0.4
#: Letters that a text has to have; a letter of scripts that write syllables or words counts 3.
MIN_LETTERS = 20
#: Characters that are looked at.
MAX_TEXT = 500

_NOT_LINGUISTIC = "zxx"  # what the classifier calls code, tables and the like
_LOOKED_THROUGH = 10_000  # characters of the body in which to find those
# Retired or narrower codes (ISO 639-1) in Content-Language.
_SAME = {"nb": "no", "iw": "he", "in": "id", "ji": "yi", "jw": "jv", "fil": "tl", "mo": "ro"}
_IDEOGRAPHS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ud7ff\uf900-\ufaff]")
_LETTERS = re.compile(r"[^\W\d_]")
_NO_WORD = re.compile(r"[@\d<>]|://|^www\.")
_LONGEST_WORD = 60  # in ASCII: longer ones are encoded data; some scripts have no spaces
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_QUOTED = re.compile(r"^[ \t]{0,3}[>|].*$", re.MULTILINE)
_TAG = re.compile(r"\s*([A-Za-z]{2,3})\b")


def language_of(mail: Mail) -> str:
    """ISO 639-1 code of the language of a mail, one of :data:`LANGUAGES`; ``""`` if unsure.

    A text that is too short to tell counts as being in the language of the header
    Content-Language (RFC 3282), if there is one.
    """
    text = _written(mail.text)
    if _letters(text) < MIN_LETTERS and not (mail.in_reply_to or mail.references):
        text = f"{_words(mail.subject)} {text}"
    if _letters(text) < MIN_LETTERS:
        return _declared(mail.header("Content-Language"))
    try:
        identifier = _identifier()
    except OSError as error:
        # its model is unpacked into a file first: no language is worth a mail on a full disk
        _logger.warning("The language of a mail cannot be told: %s", error)
        return _declared(mail.header("Content-Language"))
    code, confidence = identifier.classify(text)
    return code if confidence >= CONFIDENCE and code != _NOT_LINGUISTIC else ""


def _written(body: str) -> str:
    above = cut_text(body[:_LOOKED_THROUGH]).above
    signature = _SIGNATURE.search(above)
    if signature and above[: signature.start()].strip():
        above = above[: signature.start()]
    return _words(_QUOTED.sub("", above))


def _words(text: str) -> str:
    """The beginning of a text, without what is no word of a language."""
    found: list[str] = []
    length = 0
    for word in text[: 4 * MAX_TEXT].split():
        if _NO_WORD.search(word) or (len(word) > _LONGEST_WORD and word.isascii()):
            continue
        found.append(word)
        length += len(word) + 1
        if length > MAX_TEXT:
            break
    return " ".join(found)[:MAX_TEXT]


def _letters(text: str) -> int:
    """How many letters there are; :data:`MIN_LETTERS` also stands for more."""
    if len(_LETTERS.findall(text, 0, 4 * MIN_LETTERS)) >= MIN_LETTERS:
        return MIN_LETTERS
    return len(_LETTERS.findall(text)) + 2 * len(_IDEOGRAPHS.findall(text))


def _declared(value: str) -> str:
    tag = _TAG.match(value)
    code = tag[1].lower() if tag else ""
    code = _SAME.get(code, code)
    return code if code in LANGUAGES else ""


@lru_cache(maxsize=1)
def _identifier():
    """The classifier. Imported here, since its model costs half a second and 100 MB."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([*LANGUAGES, _NOT_LINGUISTIC])
    return identifier
