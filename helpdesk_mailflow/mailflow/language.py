LANGUAGES = ("de", "en", "fr")


def language_of(mail):
    return ""
