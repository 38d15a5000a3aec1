"""What mail systems and providers say, as they say it: why, and whether for good.

Each text is one that a system in use sends, with addresses of the example domains. They are of
many systems on purpose: what the corpus of whole reports lacks is what these are for.
"""

import pytest

from mailflow import bounce_text
from mailflow.bounce_reason import HARD, Reason, tell_reason

SAID = """
SUSPEND 550 5.2.1 The email account that you tried to reach is inactive.
USER_UNKNOWN 550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found
NO_RELAYING 550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain
BLOCKED 550 5.7.511 Access denied, banned sender[1.2.3.4]. To request removal from this list
NETWORK_ERROR 554 5.4.14 Hop count exceeded - possible mail loop ATTR34
NETWORK_ERROR 554 5.4.6 Hop count exceeded - possible mail loop detected
EXCEED_LIMIT 550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient
REJECTED 550 5.1.8 Access denied, bad outbound sender AS(42004)
SPAM_DETECTED 550 5.7.501 Access denied, spam abuse detected.
SPAM_DETECTED 550 5.7.1 Message rejected due to content restrictions
TOO_MANY_CONNECTIONS 550 5.5.3 RESOLVER.ADR.RecipLimit; too many recipients
TOO_MANY_CONNECTIONS 432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded
USER_UNKNOWN 552 1 Requested mail action aborted, mailbox not found
AUTH_FAILURE 550 5.7.9 This mail has been blocked because the sender is unauthenticated
BLOCKED 421 4.7.1 : (DYN:T1) https://postmaster.aol.com/error-codes#421dynt1
SPAM_DETECTED 554 5.7.1 : (HVU:B1) https://postmaster.aol.com/error-codes#554hvub1
USER_UNKNOWN 550 5.1.1 <ada@icloud.com>: user does not exist
MAILBOX_FULL 552 5.2.2 <ada@me.com>: user is over quota (in reply to RCPT TO command)
USER_UNKNOWN 550 5.1.1 Not our Customer
MAILBOX_FULL 552 5.2.2 ada@comcast.net mailbox is over quota
REQUIRE_PTR 554 resimta-ch2 comcast Reverse DNS failure: Try again later. PTR
BLOCKED 421 cxr.mail.charter.net ESMTP server temporarily not available AUP#I-1190
USER_UNKNOWN 550 5.1.1 <ada@charter.net> Recipient address rejected. User unknown
RATE_LIMITED 452 cox too many emails per sender. AUP#CXMXRT
AUTH_FAILURE 550 sender rejected. Invalid domain. Refer to Error Codes section AUP#CXSNDR
REQUIRE_PTR 554 ERROR: No or mismatched reverse DNS (PTR) entries for 1.2.3.4. AUP#CXDNS
USER_UNKNOWN 550 5.1.1 <ada@att.net>... User unknown
MAILBOX_FULL 550 ada@mail.ru Mailbox is full / Blocks limit exceeded / Inode limit exceeded
USER_UNKNOWN 550 5.7.1 No such user!
SUSPEND 550 5.7.1 Policy rejection on the target address: this user is blocked
MAILBOX_FULL 552 5.2.2 Mailbox size limit exceeded 1538 yandex
SUSPEND 550 The recipient's mailbox is temporarily frozen
TOO_MANY_CONNECTIONS 550 Ip frequency limited. http://service.mail.qq.com
USER_UNKNOWN 550 User not found: ada@163.com
BLOCKED 554 HL:IPB 163 mx5
SUSPEND 550 User suspended: ada@163.com
MAILBOX_FULL 552 quota exceed: ada@126.com
USER_UNKNOWN 550 5.1.1 No such user ada@naver.com - nsmtp
MAILBOX_FULL 552 5.2.2 Mailbox Full - nsmtp naver
USER_UNKNOWN 550 <ada@ezweb.ne.jp>: User unknown (in reply to RCPT TO command)
USER_UNKNOWN 550 Unknown user ada@docomo.ne.jp (in reply to RCPT TO command)
USER_UNKNOWN 550 Invalid recipient: <ada@softbank.ne.jp> (in reply to RCPT TO command)
USER_UNKNOWN 550 <ada@i.softbank.jp>: User unknown (#5.1.1) (in reply to RCPT TO command)
USER_UNKNOWN 550 5.1.1 User does not exist - <ada@zoho.com>
USER_UNKNOWN 550 5.1.1 <ada@proton.me>: Recipient address rejected: Address does not exist
EXPIRED 5.4.7 - Delivery expired (message too old) 'timeout' (delivery attempts: 12)
USER_UNKNOWN smtp;550 5.1.1 RecipNotFound
USER_UNKNOWN 550 unrouteable address: no such local user
HOST_UNKNOWN Unrouteable address
HOST_UNKNOWN all relevant MX records point to non-existent hosts
NETWORK_ERROR lowest numbered MX record points to local host
NOT_ACCEPT an MX or SRV record indicated no SMTP service
EXPIRED retry timeout exceeded
EXPIRED retry time not reached for any host after a long failure period
MAILER_ERROR local delivery failed: child process of address_pipe transport returned 75
NOT_ACCEPT Domain example.net does not accept mail (nullMX)
EXPIRED connect to example.net[1.2.3.4]:25: Connection timed out
EXPIRED connect to example.net[1.2.3.4]:25: Connection refused
NETWORK_ERROR mail for example.net loops back to myself
NETWORK_ERROR mail forwarding loop for ada@example.net
MAILBOX_FULL maildir delivery failed: The user you are trying to reach is over their quota
FAILED_STARTTLS TLS is required, but was not offered by host mx.example.net[1.2.3.4]
FAILED_STARTTLS Server certificate not verified
NETWORK_ERROR 554 5.4.6 Too many hops 26 (25 max): from a@b via localhost
EXPIRED Deferred: Connection refused by mx.example.net.
USER_UNKNOWN Sorry, no mailbox here by that name. (#5.1.1)
HOST_UNKNOWN Sorry, I couldn't find any host named example.invalid. (#5.1.2)
NOT_ACCEPT Sorry, I couldn't find a mail exchanger or IP address. (#5.4.4)
NETWORK_ERROR Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)
NO_RELAYING 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)
NETWORK_ERROR This message is looping: it already has my Delivered-To line. (#5.4.6)
MAILBOX_FULL The users mailfolder is over the allowed quota (size). (#5.2.2)
HOST_UNKNOWN Could not resolve domain: Domain does not exist
USER_UNKNOWN User ada (ada@example.net) not listed in Domino Directory
NO_RELAYING 550 not local host example.net, not a gateway
USER_UNKNOWN 550 I cannot deliver mail for {ada@example.net}
USER_UNKNOWN 550 Account ada@example.net does not exist
USER_UNKNOWN 550 5.1.1 mailbox does not exist
USER_UNKNOWN 550 5.1.1 Adressat unbekannt oder Mailbox deaktiviert
USER_UNKNOWN 550 Der Empfänger existiert nicht
USER_UNKNOWN 550 Destinataire inconnu ou boite aux lettres desactivee. LPN007_510
SPAM_DETECTED 550 5.7.1 Mail rejete. Mail rejected. OFR_506 [506]
TOO_MANY_CONNECTIONS 451 too many connections from your IP (free.fr)
USER_UNKNOWN 550 5.1.1 Destinatario sconosciuto
MAILBOX_FULL 552 5.2.2 Casella piena
USER_UNKNOWN 550 El usuario no existe
MAILBOX_FULL 552 Buzón lleno
USER_UNKNOWN 550 Nie ma takiego konta
USER_UNKNOWN 550 5.1.1 Takiego użytkownika nie ma
MAILBOX_FULL 452 Skrzynka odbiorcy jest pełna
USER_UNKNOWN 550 Gebruiker onbekend
MAILBOX_FULL 552 Brievenbus vol
USER_UNKNOWN 550 Usuário desconhecido
MAILBOX_FULL 552 Caixa postal cheia
USER_UNKNOWN 550 Uživatel neexistuje
USER_UNKNOWN 550 Пользователь не найден
MAILBOX_FULL 552 Почтовый ящик переполнен
USER_UNKNOWN 550 ユーザーが見つかりません
MAILBOX_FULL 552 メールボックスがいっぱいです
USER_UNKNOWN 550 用户不存在
MAILBOX_FULL 552 用户邮箱已满
USER_UNKNOWN 550 Brukeren finnes ikke
USER_UNKNOWN 550 Käyttäjää ei löydy
USER_UNKNOWN 550 Kullanıcı bulunamadı
MAILBOX_FULL 552 Posta kutusu dolu
USER_UNKNOWN 550 The recipient address is invalid or no longer exists
USER_UNKNOWN 550 5.1.1 email address is not recognized by this system
USER_UNKNOWN 550 Address invalid
USER_UNKNOWN 550 This address no longer accepts mail.
USER_UNKNOWN 550 sorry, badrcptto
USER_UNKNOWN 550 this recipient is not in my validrcptto list (#5.7.1)
USER_UNKNOWN 550 user missing home directory
USER_UNKNOWN 550 no valid recipients, bye
USER_UNKNOWN 550 that address is not valid here
USER_UNKNOWN 550 We are sorry but the address is invalid
USER_UNKNOWN 550 Nessun utente simile in questo posto
USER_UNKNOWN 550 there is no one at this address
USER_UNKNOWN 550 The user's email name is not found.
USER_UNKNOWN 550 no thank you rejected: Account Unavailable
USER_UNKNOWN 550 5.1.1 BAD-RECIPIENT
USER_UNKNOWN 550 unknown e-mail address
USER_UNKNOWN 550 Recipient does not exist on this system
USER_UNKNOWN 550 Address is not in directory / Recipient not in directory
USER_UNKNOWN 550 Unknown local part ada in <ada@example.net>
USER_UNKNOWN 550 No such virtual user here
USER_UNKNOWN 550 Mailbox not present
USER_UNKNOWN 550 user path no exist
USER_UNKNOWN 550 Wrong recipients
USER_UNKNOWN 550 <ada@example.net>... email address lookup in domain map failed
USER_UNKNOWN 550 User not a member of domain: <ada@example.net>
USER_UNKNOWN 550 Recipient verify failed
USER_UNKNOWN 550 No one with that email address here
USER_UNKNOWN 550 server doesn't handle mail for that user
USER_UNKNOWN 550 no longer an employee
USER_UNKNOWN 550 Addressee unknown, relay=[1.2.3.4]
REJECTED 550 Sender verify failed
REJECTED 550 5.1.8 <a@example.com>: Sender address rejected: Domain not found
REJECTED 553 5.1.8 <a@example.com>... Domain of sender address a@example.com does not exist
REJECTED 550 5.7.1 <a@example.com>: Sender address rejected: not logged in
REJECTED 550 Verification failed for <a@example.com> 550 Sender verify failed
RATE_LIMITED 451 4.7.1 Greylisting in action, please come back later
RATE_LIMITED 450 4.7.1 Please try again later, greylisted for 300 seconds
SYSTEM_ERROR 451 Temporary local problem - please try later
SYSTEM_ERROR 421 Service not available, closing transmission channel
TOO_MANY_CONNECTIONS 421 server too busy
SYSTEM_FULL 452 4.3.1 Insufficient system storage
SYSTEM_FULL 452 4.3.1 Out of memory
BLOCKED 554 5.7.1 Service unavailable; Client host [1.2.3.4] blocked using bl.spamcop.net
REQUIRE_PTR 450 4.7.1 Client host rejected: cannot find your hostname, [1.2.3.4]
BLOCKED 504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname
BLOCKED 550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)
SPAM_DETECTED 550 High probability of spam
SPAM_DETECTED 550 Wiadomosc zostala odrzucona przez system antyspamowy
POLICY_VIOLATION 552 5.7.0 Our system detected an illegal attachment on your message.
HAS_MOVED 551 User not local; please try <ada@example.org>
HAS_MOVED 550 5.1.6 User has moved; please try <ada@example.org>
NOT_ACCEPT 556 5.1.10 Recipient address has a null MX
NOT_ACCEPT 521 5.3.2 example.net does not accept mail
NOT_ACCEPT 550 5.7.1 host does not accept mail from this domain
USER_UNKNOWN 501 5.1.3 Bad recipient address syntax
SYNTAX_ERROR 500 5.5.1 Command unrecognized
SECURITY_ERROR 535 5.7.8 Authentication credentials invalid
SECURITY_ERROR 530 5.7.0 Authentication required
CONTENT_ERROR 554 5.6.1 Body type not supported by Remote Host
CONTENT_ERROR 550 5.6.7 Address includes non-ASCII; SMTPUTF8 not offered
MAILBOX_FULL 552 Requested mailbox exceeds quota.
MAILBOX_FULL 552 recipient storage full, try again later (in reply to RCPT TO command)
SYSTEM_FULL 452 Insufficient system storage
USER_UNKNOWN User ada (ada@example.net) not listed in public Name & Address Book
NO_RELAYING 550 relaying to <ada@example.net> prohibited by administrator
USER_UNKNOWN 554 qq Sorry, no valid recipients (#5.1.3)
USER_UNKNOWN 550 - invalid address (#5.5.0)
USER_UNKNOWN 450 mailbox unavailable.
FILTERED 550 5.7.1 Requested action not taken: mailbox not available
USER_UNKNOWN 553 sorry, no mailbox here by that name (#5.7.1)
SUSPEND 550 user disabled
SUSPEND 452 4.2.1 mailbox temporarily disabled: ada@example.net
USER_UNKNOWN 550 Mailbox ( ada@example.net ) not found or inactivated
SUSPEND 551 <ada@example.net> is a deactivated mailbox (in reply to RCPT TO command)
USER_UNKNOWN 550 <ada@example.net> recipient rejected
UNDEFINED 5.x.0 - Message bounced by administrator (delivery attempts: 0)
SUSPEND 550 <maxqin> is now disabled with MTA service.
USER_UNKNOWN 501 #5.1.1 bad address ada@example.net
USER_UNKNOWN 550 Command RCPT User <ada@example.net> not OK
SECURITY_ERROR 550 5.7.1 Access-Denied-XM.SSR-001
NO_RELAYING 550 Unable to relay for ada@example.net
USER_UNKNOWN 550 ada@example.net:user not exist
USER_UNKNOWN 550 sorry, that recipient doesn't exist (#5.7.1)
USER_UNKNOWN 550 This account is not allowed...ada@example.net
SUSPEND 550 <ada@example.net>: inactive user
SUSPEND 550 ada@example.net Account Inactive
SUSPEND 550 <ada@example.net>... User account not activated
SUSPEND 550 account expired
USER_UNKNOWN 553 5.3.0 <ada@example.net>... Recipient address no longer exists
REJECTED 553 mailbox ada@example.net is restricted
SUSPEND 550 <ada@example.net>: User status is locked.
FILTERED 553 User refused to receive this mail.
REJECTED 501 a@example.com Sender email is not in my domain
UNDEFINED 554 Message refused
SECURITY_ERROR 553 AUTH FAILED - a@example.com
NO_RELAYING 500 Unauthorized relay msg rejected
SYSTEM_ERROR 554 Transaction failed
NO_RELAYING 550 Local user only or Authentication mechanism
SPAM_DETECTED 550 Content reject. FAAAANsG60M9BmDT.1
HOST_UNKNOWN 550 Host unknown
NO_RELAYING 553 Specified domain is not allowed.
HOST_UNKNOWN 550 unrouteable address
SYSTEM_ERROR 451 System(u) busy, try again later.
REJECTED 554 sender is rejected: 0,mx20,wKjR5bDrnoM2yNtEZVAkBg==.32467S2
BLOCKED 554 <unknown[192.0.2.1]>: Client host rejected: Access denied
FILTERED 550 Requested action not taken: mail IsCNAPF76kMDARUY.56621S2 is rejected,mx3,BM
SPAM_DETECTED 552 sorry, the spam message is detected (#5.6.0)
REJECTED 550 Verify mailfrom failed,blocked
SPAM_DETECTED 550 sorry, it seems as a junk mail
USER_UNKNOWN 503 All recipients are invalid 554 5.0.0 Service unavailable
SUSPEND LOCAL module(account ada) reports: mail receiving disabled
MAILBOX_FULL The user(s) account is temporarily over quota.
HOST_UNKNOWN 553 5.1.2 <ada@example..com>... Invalid host name
EXPIRED ada@example.net... Deferred: Name server: example.net.: host name lookup failure
NETWORK_ERROR 451 4.0.0 I/O error
NETWORK_ERROR connection with mx1.mail.example.com is broken
USER_UNKNOWN local: Sorry, can't find user's mailbox. (#5.1.1)
MAILBOX_FULL mail.local: /var/mail/2b/10/ada: Disc quota exceeded 554 Service unavailable
MAILBOX_FULL - User disk quota exceeded. (#4.3.0)
MAILBOX_FULL This account is over quota and unable to receive mail.
USER_UNKNOWN destin. sconosciuto o mailbox disatttivata
USER_UNKNOWN The mailbox specified in the address does not exist
USER_UNKNOWN mailbox for ada@example.net not found
USER_UNKNOWN Delivery to this address is not possible: user does not exist
USER_UNKNOWN no such person at this address
USER_UNKNOWN 550 can't accept user
USER_UNKNOWN 550 5.1.1 Mail Refused - Address <ada@example.net> Recipient Unknown
USER_UNKNOWN unable to find alias user
USER_UNKNOWN was not found in LDAP server
BLOCKED 550 Bad IP Profile
BLOCKED 554 Denied [CS] [f4a3.0] (Mode: normal)
BLOCKED 550 5.7.1 dial-up or dynamic-ip denied
POLICY_VIOLATION 550 Rejected by policy
HOST_UNKNOWN PERM_FAILURE: DNS Error: Domain name not found
MAILBOX_FULL User has too many messages on the server
MAILBOX_FULL Quota violation for ada
SUSPEND mailbox has been blocked due to inactivity
"""


def reason_of(said, command="RCPT"):
    status = next(iter(bounce_text.statuses_of(said)), "")
    return tell_reason(said, status, bounce_text.reply_code_of(said), command)


@pytest.mark.parametrize(
    ("name", "said"), [each.split(" ", 1) for each in SAID.strip().splitlines()]
)
def test_what_systems_say(name, said):
    assert reason_of(said) is Reason[name]


@pytest.mark.parametrize(
    "said",
    [
        # of the way, not of the address
        "host mx.example.net[192.0.2.1] said: 554 5.7.1 Your IP address has been blocked",
        "554-No SMTP service 554-IP address is black listed",
        "450 4.1.1 <ada@example.net>: Recipient address rejected: unverified address: Address"
        " verification in progress",
        "Recipient server unavailable or busy",
        "550 5.7.0 From address is invalid",
        "550 URL in message points to an invalid domain",
        "550 your domain has no mail exchanger",
        "550 excessive userid unknowns",
        "554 5.7.1 The user's IP address was not found in the list",
        "450 mailbox temporarily unavailable, try later",
        "550 Invalid HELO/EHLO; host name does not exist",
        "535 Incorrect authentication data, account does not exist",
        "421 4.3.2 recipient thread limit exceeded",
        "Your mail could not be delivered because they are not accepting mail from @",
        "550 please forward this error to abuse@example.net",
    ],
)
def test_what_is_said_of_the_way_is_not_held_against_the_address(said):
    assert reason_of(said) not in HARD


def test_the_server_that_is_quoted_is_no_unknown_host():
    said = "host mx.example.net[192.0.2.1] said: 550 <ada@example.net>: User unknown"
    assert reason_of(said) is Reason.USER_UNKNOWN


def test_a_code_of_a_provider_counts_more_than_the_words_around_it():
    said = "550 sender rejected. Refer to Error Codes section AUP#CDRBL"
    assert reason_of(said) is Reason.BLOCKED
