"""A mail that says thanks and nothing else.

Told only where every word is one that people thank with, in one and the same language: taken for
a mere thank-you, a mail leaves a solved ticket closed, so a doubt counts against it. *"Thanks, but
it still burns"*, a question, an amount or a date are never it. Names may stand anywhere, since
nobody knows them all: words with a capital that stand alone, and what follows a sign-off.

Phrases are the most usual ones of each language, collected by hand.
"""

import re
import unicodedata

from .quoted_words import is_sent_from

#: Characters of the text; longer ones say more than thanks.
_LONGEST = 400
#: Words that nobody knows but may be names, beside those below a sign-off.
_NAMES = 4
#: Lines below a sign-off that may be a name, a firm, a phone number.
_SIGNATURE_LINES = 8

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_QUESTION = re.compile(r"[?？؟;](?!\w)")
_PARTS = re.compile(r"[.,:!…\u2013\u2014-]+")
_DIGIT = re.compile(r"\d")
_ADDRESS = re.compile(r"https?:|www\.|@")
_DELIMITER = re.compile(r"^-- ?$", re.MULTILINE)
# Small words of signatures, beside names and titles: "Head of Sales", "Jan van der Berg".
_PARTICLES = {
    "of", "and", "the", "for", "at", "und", "für", "im", "bei", "von", "vom", "der", "et",
    "de", "du", "des", "la", "le", "y", "e", "del", "da", "do", "dos", "di", "della", "van",
    "den", "ten", "en", "och", "og", "i", "w", "z",
}  # fmt: skip

#: Language: what thanks, what may stand beside it, what begins a sign-off.
_WORDS = {
    "en": (
        "thanks thank thx ty cheers tks thankyou",
        "you u so very much a lot many million again for your the help support quick fast prompt"
        " kind great good excellent amazing reply answer response assistance service work time"
        " info information and all everything really appreciate it i we this that's is was perfect"
        " super wonderful awesome brilliant nice lovely got have day weekend evening week one team"
        " everyone both hi hello dear hey ok okay solved sorted fixed resolved works working"
        " now fine well done helpful happy to my our indeed of from me us very",
        "regards best kind sincerely yours br greetings wishes warm",
    ),
    "de": (
        "danke dank dankeschön merci bedanke bedanken vielendank",
        "vielen herzlichen besten ihnen euch dir schön sehr nochmals nochmal für die das den ihre"
        " deine eure ihren schnelle schnellen rasche raschen gute guten tolle tollen super prompte"
        " hilfe antwort rückmeldung unterstützung info information mühe service hallo liebe lieber"
        " guten tag moin schönes servus ich wir mich uns und auch alles es jetzt nun wieder"
        " funktioniert läuft klappt geht perfekt prima toll klasse wunderbar bestens hat geklappt"
        " schönen"
        " wochenende abend einen ein wünsche damit ist erledigt gelöst team zusammen frau herr"
        " sehr geehrte geehrter geehrten damen herren ganz herzlich der prompten",
        "grüße gruß grüßen grüsse gruss grüssen mfg lg vg freundliche freundlichen viele beste mit"
        " liebe herzliche",
    ),
    "fr": (
        "merci remercie remercions mercis",
        "beaucoup bien infiniment encore mille à vous toi je nous te pour votre ta ton cette la le"
        " les l'aide aide réponse rapide rapidité retour vos efficace efficacité bonne journée"
        " soirée bon week end parfait super génial c'est tout est réglé résolu ça marche fonctionne"
        " maintenant bonjour salut madame monsieur de et très toute l'équipe équipe votre d'avoir"
        " répondu si vite",
        "cordialement salutations bien sincèrement amicalement cdt bises",
    ),
    "es": (
        "gracias agradezco agradecemos agradecido agradecida",
        "muchas muchísimas mil por su tu la el ayuda respuesta rápida rapida pronta todo lo le te"
        " se os de nuevo y muy amable amables perfecto genial excelente estupendo ya funciona está"
        " resuelto solucionado hola buenos buenas días dias tardes estimado estimada estimados buen"
        " día dia fin semana que tenga tengan un una equipo atención gestión soporte información",
        "saludos saludo cordial cordiales atentamente un",
    ),
    "pt": (
        "obrigado obrigada obrigados agradeço agradecemos obg grato grata",
        "muito muita muitíssimo mais uma vez pela pelo a o ajuda resposta rápida rapida sua tua"
        " vossa atenção suporte apoio retorno informação por tudo e perfeito ótimo excelente já"
        " funciona está resolvido olá bom boa dia tarde noite fim de semana prezado prezada"
        " equipe equipa um",
        "cumprimentos atenciosamente abraço abraços melhores att cordialmente",
    ),
    "it": (
        "grazie ringrazio ringraziamo ringraziamenti",
        "mille tante molte infinite ancora di tutto per la il l'aiuto aiuto risposta rapida veloce"
        " celere tua vostra sua vi ti la le supporto assistenza disponibilità gentilezza cortesia"
        " perfetto ottimo ora adesso funziona è risolto buongiorno buonasera ciao salve gentile"
        " gentili buona buon giornata serata lavoro weekend fine settimana e molto gentilissimi"
        " tutti a voi",
        "saluti cordiali distinti saluto cordialmente",
    ),
    "nl": (
        "bedankt dank dankjewel dankuwel dankzij",
        "hartelijk heel erg veel je jullie u wel voor de het uw snelle goede reactie antwoord hulp"
        " service informatie ondersteuning nogmaals alvast top perfect super fijn prima werkt nu"
        " weer opgelost is hallo beste goedemorgen goedemiddag dag hoi fijne goede prettige weekend"
        " avond en alles team allemaal ook",
        "groet groeten met vriendelijke hartelijke mvg vriendelijk",
    ),
    "pl": (
        "dziękuję dziekuje dziękujemy dzięki dzieki podziękowania",
        "bardzo serdecznie ślicznie za pomoc szybką szybka odpowiedź odpowiedz reakcję wsparcie"
        " informację informacje państwu panu pani wszystko super świetnie idealnie działa już teraz"
        " dzień dobry witam cześć miłego dnia weekendu i jeszcze raz z góry",
        "pozdrawiam pozdrowienia poważaniem z serdecznie łączę",
    ),
    "sv": (
        "tack tackar",
        "så mycket för hjälpen svaret snabbt snabba det den svar hjälp din er ert ditt stort tusen"
        " varmt jättemycket återkopplingen informationen perfekt toppen super bra fungerar funkar"
        " nu igen hej ha en trevlig fin dag helg kväll och allt löst är var jättebra ni du",
        "hälsningar vänliga mvh med vänlig hälsning bästa",
    ),
    "no": (
        "takk takker",
        "tusen så mye mange for hjelpen svaret raskt rask svar hjelp din deres det den"
        " informasjonen perfekt supert flott bra topp fungerer virker nå igjen hei ha en fin god"
        " helg kveld og alt løst er dere deg",
        "hilsen vennlig mvh med beste hilsener",
    ),
    "da": (
        "tak takker",
        "tusind mange så meget for hjælpen svaret hurtigt hurtige svar hjælp din jeres det den"
        " tilbagemeldingen informationen perfekt super fint dejligt godt virker fungerer nu igen"
        " hav en god dag weekend aften og alt løst er skal i have",
        "hilsen venlig mvh med bedste hilsner kærlig",
    ),
    "fi": (
        "kiitos kiitokset kiitoksia kiitän kiitämme kiitti",
        "paljon oikein suuret tuhannet avusta avustanne nopeasta vastauksesta vastauksestanne"
        " tiedosta teille sinulle hienoa loistavaa mahtavaa toimii nyt taas hei moi terve hyvää"
        " päivänjatkoa viikonloppua päivää ja kaikesta erittäin vielä kerran",
        "terveisin ystävällisin yst terv terveiset",
    ),
    "cs": (
        "děkuji dekuji děkujeme díky diky",
        "moc mockrát velice srdečně za pomoc rychlou odpověď reakci podporu vám vam ještě jednou"
        " super výborně perfektní skvělé funguje už teď dobrý den ahoj zdravím hezký pěkný víkend a"
        " vše všechno je to",
        "pozdravem s přátelským zdraví pozdravy",
    ),
    "tr": (
        "teşekkürler tesekkurler teşekkür tesekkur sağolun sağol sağ",
        "çok ederim ederiz yardımınız için hızlı cevap cevabınız dönüşünüz desteğiniz tekrar"
        " iyi günler günaydın harika süper mükemmel oldu çalışıyor şimdi her şey ve olun kolay"
        " çalışmalar",
        "saygılar saygılarımla selamlar iyi",
    ),
    "ru": (
        "спасибо благодарю благодарим спс",
        "большое огромное вам за помощь быстрый ответ быструю оперативность оперативный поддержку"
        " ещё еще раз всё все работает теперь отлично супер прекрасно здравствуйте добрый день"
        " и хорошего дня вечер утро доброе очень",
        "уважением с наилучшими пожеланиями",
    ),
    "uk": (
        "дякую дякуємо спасибі вдячний вдячна",
        "дуже щиро вам за допомогу швидку відповідь підтримку ще раз все працює тепер чудово супер"
        " добрий день вітаю привіт і гарного дня велике",
        "повагою з найкращими побажаннями",
    ),
}
# Answers to a question, which capitals would make a name of.
_ANSWERS = {
    "yes", "no", "yep", "nope", "ja", "nein", "oui", "non", "si", "sí", "sì", "sim", "não",
    "nee", "nej", "nei", "kyllä", "ei", "nie", "ano", "ne", "evet", "hayır", "да", "нет",
    "так", "ні",
}  # fmt: skip
#: Scripts without capitals: whole messages, by what is left without spaces and marks.
_PHRASES = re.compile(
    r"(?:(?:お忙しいところ)?(?:ご対応|ご連絡|ご回答|ご返信)?(?:いただき|頂き)?"
    r"(?:誠に|本当に|大変|どうも)?(?:ありがとうございます|ありがとうございました|有難うございます|"
    r"有難うございました|ありがとう)(?:助かりました)?"
    r"|(?:好的|收到|明白了)?(?:非常|多|十分|太)?(?:感谢|感謝|谢谢|謝謝)(?:你|您|你们|您们|大家)?"
    r"(?:的)?(?:帮助|幫助|回复|回覆|支持)?(?:了|啦|啊)?"
    r"|(?:정말|대단히|매우|빠른답변|도와주셔서|답변)*(?:감사합니다|고맙습니다|감사드립니다)"
    r"|شكرا(?:جزيلا|لك|لكم|كثيرا)*"
    r"|תודה(?:רבה|לך|לכם)*)+"
)
_MARKS = re.compile(r"[\W_]+")


def _table() -> dict[str, tuple[frozenset[str], frozenset[str], frozenset[str]]]:
    return {
        language: tuple(frozenset(_folded(each).split()) for each in words)
        for language, words in _WORDS.items()
    }


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold().replace("’", "'")


_LANGUAGES = _table()


def is_thanks(text: str) -> bool:
    """Whether a text says thanks and nothing else.

    :param text: what was written this time, without the quote; plain
    """
    text = unicodedata.normalize("NFC", text)
    lines = _DELIMITER.split(text)[0].splitlines()
    text = "\n".join(each for each in lines if not is_sent_from(each.strip())).strip()
    if not text or len(text) > _LONGEST or _QUESTION.search(text):
        return False
    if _PHRASES.fullmatch(_MARKS.sub("", text)):
        return True
    if not _ANSWERS.isdisjoint(map(_folded, _WORD.findall(text))):
        return False
    return any(_is_thanks_in(text, *words) for words in _LANGUAGES.values())


def _is_thanks_in(text: str, thanks, beside, closing) -> bool:
    thanked, names, below = False, 0, 0
    for line in filter(None, map(str.strip, text.splitlines())):
        if below:
            # a name, a firm, its phone number; what is written there as a sentence is none
            below += 1
            if below > _SIGNATURE_LINES or not _may_be_signature(line, thanks | beside):
                return False
            continue
        if _DIGIT.search(line) or _ADDRESS.search(line):
            return False
        known = thanks | beside | closing
        for part in _PARTS.split(line):
            words = _WORD.findall(part)
            named = [word for word in words if _folded(word) not in known]
            if any(not word[0].isupper() or (word.isupper() and len(word) > 3) for word in named):
                return False
            if named and named[0] == words[0] and len(named) < len(words):
                # "Cancel it": no name, since those stand alone or behind a word of thanks
                return False
            names += len(named)
        folded = [_folded(word) for word in _WORD.findall(line)]
        thanked = thanked or not thanks.isdisjoint(folded)
        if thanked and folded and folded[0] in closing and set(folded) & closing:
            below = 1
    return thanked and names <= _NAMES


def _may_be_signature(line: str, known) -> bool:
    words = _WORD.findall(line)
    if len(words) > 8:
        return False
    small = [word for word in words if word[0].islower() and _folded(word) not in known]
    return _PARTICLES.issuperset(small) and not line.endswith(("?", "!"))
