"""What mail programs write around a forwarded mail, in the languages of their users."""

#: Languages, each with the prefix of the subject (Outlook), names of header fields (Outlook for
#: Windows, then Thunderbird where it differs), and the delimiters of Apple Mail, Thunderbird and
#: Yahoo. Gmail writes its delimiter in English in all of them, with translated fields.
LANGUAGES = {
    "en": {
        "prefix": "FW", "from": "From", "sent": "Sent", "to": "To", "cc": "Cc",
        "subject": "Subject", "date": "Date",
        "apple": "Begin forwarded message:", "thunderbird": "Forwarded Message",
        "yahoo": "Forwarded Message", "original": "Original Message",
    },
    "de": {
        "prefix": "WG", "from": "Von", "sent": "Gesendet", "to": "An", "cc": "Cc",
        "subject": "Betreff", "date": "Datum",
        "apple": "Anfang der weitergeleiteten Nachricht:",
        "thunderbird": "Weitergeleitete Nachricht", "yahoo": "Weitergeleitete Nachricht",
        "original": "Ursprüngliche Nachricht",
    },
    "fr": {
        "prefix": "TR", "from": "De", "sent": "Envoyé", "to": "À", "cc": "Cc",
        "subject": "Objet", "date": "Date", "space": " ",
        "apple": "Début du message réexpédié\N{NO-BREAK SPACE}:",
        "thunderbird": "Message transféré", "yahoo": "Message transmis",
        "thunderbird_fields": {"subject": "Sujet", "to": "Pour"}, "original": "Message d'origine",
    },
    "es": {
        "prefix": "RV", "from": "De", "sent": "Enviado el", "to": "Para", "cc": "CC",
        "subject": "Asunto", "date": "Fecha",
        "apple": "Inicio del mensaje reenviado:", "thunderbird": "Mensaje reenviado",
        "yahoo": "Mensaje reenviado", "original": "Mensaje original",
    },
    "pt": {
        "prefix": "ENC", "from": "De", "sent": "Enviada em", "to": "Para", "cc": "Cc",
        "subject": "Assunto", "date": "Data",
        "apple": "Início da mensagem encaminhada:", "thunderbird": "Mensagem encaminhada",
        "yahoo": "Mensagem encaminhada", "original": "Mensagem original",
    },
    "it": {
        "prefix": "I", "from": "Da", "sent": "Inviato", "to": "A", "cc": "Cc",
        "subject": "Oggetto", "date": "Data",
        "apple": "Inizio messaggio inoltrato:", "thunderbird": "Messaggio Inoltrato",
        "yahoo": "Messaggio inoltrato", "thunderbird_fields": {"from": "Mittente"},
        "original": "Messaggio originale",
    },
    "nl": {
        "prefix": "FW", "from": "Van", "sent": "Verzonden", "to": "Aan", "cc": "CC",
        "subject": "Onderwerp", "date": "Datum",
        "apple": "Begin doorgestuurd bericht:", "thunderbird": "Doorgestuurd bericht",
        "yahoo": "Doorgestuurd bericht", "original": "Oorspronkelijk bericht",
    },
    "pl": {
        "prefix": "PD", "from": "Od", "sent": "Wysłano", "to": "Do", "cc": "DW",
        "subject": "Temat", "date": "Data",
        "apple": "Początek przekazywanej wiadomości:",
        "thunderbird": "Treść przekazanej wiadomości", "yahoo": "Przekazana wiadomość",
        "thunderbird_fields": {"from": "Nadawca", "to": "Adresat", "cc": "Kopia"},
        "original": "Wiadomość oryginalna",
    },
    "sv": {
        "prefix": "VB", "from": "Från", "sent": "Skickat", "to": "Till", "cc": "Kopia",
        "subject": "Ämne", "date": "Datum",
        "apple": "Vidarebefordrat mejl:", "thunderbird": "Vidarebefordrat meddelande",
        "yahoo": "Vidarebefordrat meddelande", "original": "Ursprungligt meddelande",
    },
    "nb": {
        "prefix": "VS", "from": "Fra", "sent": "Sendt", "to": "Til", "cc": "Kopi",
        "subject": "Emne", "date": "Dato",
        "apple": "Videresendt melding:", "thunderbird": "Videresendt melding",
        "yahoo": "Videresendt melding", "original": "Opprinnelig melding",
    },
    "da": {
        "prefix": "VS", "from": "Fra", "sent": "Sendt", "to": "Til", "cc": "Cc",
        "subject": "Emne", "date": "Dato",
        "apple": "Start på videresendt besked:", "thunderbird": "Videresendt meddelelse",
        "yahoo": "Videresendt meddelelse",
        "thunderbird_fields": {
            "from": "From", "to": "To", "subject": "Subject", "date": "Date", "cc": "CC",
        },
        "original": "Oprindelig meddelelse",
    },
    "fi": {
        "prefix": "VL", "from": "Lähettäjä", "sent": "Lähetetty", "to": "Vastaanottaja",
        "cc": "Kopio", "subject": "Aihe", "date": "Päivämäärä",
        "apple": "Välitetty viesti alkaa:", "thunderbird": "Välitetty viesti / Fwd.Msg",
        "yahoo": "Edelleenlähetetty viesti", "thunderbird_fields": {"date": "Päiväys"},
        "original": "Alkuperäinen viesti",
    },
}  # fmt: skip
