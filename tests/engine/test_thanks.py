"""Mails that say thanks and nothing else."""

import pytest

from mailflow.thanks import is_thanks

THANKS = """
Thanks!
Thank you very much, Ada.
Hi Ada,|thanks a lot for your quick help, it works now.|Best regards|Marta Lindqvist|Acorn Ltd
Perfect, thank you!|-- |Marta Lindqvist|+46 8 123 45 67|Ask me about 3 for 2
Thanks|Sent from my iPhone
Thank you!|Best regards,|Ada Byron|Head of Sales and Marketing|+49 30 123456
Vielen Dank!
Danke!|Von meinem iPhone gesendet
Hallo Frau Müller,|vielen Dank, jetzt funktioniert es.|Mit freundlichen Grüßen|Max Muster
Herzlichen Dank und schönes Wochenende|LG Eva
Merci beaucoup pour votre réponse rapide.|Cordialement,|Jean Petit
Bonjour Madame,|merci, ça marche maintenant.
Muchas gracias por su ayuda.|Saludos,|José
Muito obrigada pela ajuda!|Cumprimentos|Ana
Grazie mille, ora funziona.|Cordiali saluti|Luca
Hartelijk dank voor de snelle reactie!|Met vriendelijke groet,|Jan de Vries
Dziękuję bardzo za pomoc.|Pozdrawiam|Ola
Tack så mycket för hjälpen!|Vänliga hälsningar|Åsa
Tusen takk for hjelpen!|Mvh Kari
Mange tak for hjælpen|Venlig hilsen|Søren
Kiitos paljon nopeasta vastauksesta!|Terveisin Matti
Moc děkuji za pomoc.|S pozdravem|Jana
Çok teşekkür ederim, iyi günler.
Большое спасибо за помощь!|С уважением,|Иван
Дуже дякую за допомогу!
ご対応ありがとうございました。
非常感谢您的帮助！
감사합니다.
شكرا جزيلا
תודה רבה!
"""

MORE = """
Thanks, but it still burns.
Thanks. When will it be repaired?
Thanks, cancel it please
Thank you. The invoice is still missing.
Thank you for nothing, this is a joke
Thanks in advance for sending the invoice
Thanks for calling me at 10
Thank you, please close account of Bo
Thanks, see https://x.example
Thank you. Cancel it.
Danke, aber es geht nicht.
Danke, die Rechnung fehlt noch.
Vielen Dank. Bitte noch die Rechnung
Merci, mais ça ne marche pas
Gracias, pero no funciona
Obrigado, mas ainda não funciona
Grazie, ma non funziona
Bedankt, maar het werkt niet
Dziękuję, ale nadal nie działa
Tack, men det fungerar inte
Takk, men det virker ikke
Tak, men det virker ikke
Kiitos, mutta ei toimi
Děkuji, ale nefunguje to
Спасибо, но не работает
ありがとうございます。まだ動きません。
谢谢，还是不行
It works now.
Best regards|Marta
Best regards|Thanks|Marta wants her money back now and for all times
Thanks.|Best|Please cancel my order
Yes, thank you
No, thanks!
Nein danke
Oui, merci
Thanks|Best regards|Marta|PS: and could you look at the scanner, too
The printer burns

-- |Thanks
"""


def cases(table):
    return [line.replace("|", "\n") for line in table.strip("\n").splitlines()]


@pytest.mark.parametrize("text", cases(THANKS))
def test_mere_thanks(text):
    assert is_thanks(text)


@pytest.mark.parametrize("text", cases(MORE))
def test_more_than_thanks(text):
    assert not is_thanks(text)


def test_a_long_text_is_more():
    assert not is_thanks("Thanks " * 100)
