"""The providers of mailboxes that we know, from what they publish for their customers (read in
2026). Where they also send for the domains of others is in :mod:`.mail_providers`.
"""

from collections.abc import Iterable, Sequence

from .mailbox_provider import MailboxProvider


def _in(names: str, suffixes: str) -> tuple[str, ...]:
    """All names with all suffixes: ``hotmail`` in ``com de`` and so on."""
    return tuple(f"{name}.{suffix}" for name in names.split() for suffix in suffixes.split())


# Personal accounts come first: the names of their MX also end like those of companies.
OUTLOOK_COM = MailboxProvider(
    "outlook",
    "Outlook.com",
    (
        "msn.com",
        "windowslive.com",
        "passport.com",
        *_in(
            "outlook",
            "com at be cl cz de dk es fr hu ie in it jp kr lv my ph pt sa sg sk co.id co.il co.th"
            " com.ar com.au com.br com.gr com.tr com.vn",
        ),
        *_in(
            "hotmail",
            "com be ca ch cl cz de dk es fi fr gr hu it lt lv my nl no ph rs se sg sk co.id co.il"
            " co.in co.jp co.kr co.nz co.th co.uk co.za com.ar com.au com.br com.hk com.tr com.tw"
            " com.vn",
        ),
        *_in(
            "live",
            "com at be ca ch cl cn de dk fi fr hk ie in it jp nl no ru se co.jp co.kr co.uk co.za"
            " com.ar com.au com.mx com.my com.ph com.pt com.sg",
        ),
    ),
    ("*.olc.protection.outlook.com",),
    road="forward",
    help="https://support.microsoft.com/office/turn-on-automatic-forwarding-in-outlook-7f2670a1-7fff-4475-8a3c-5822d63b0c8e",
)
MICROSOFT_365 = MailboxProvider(
    "microsoft",
    "Microsoft 365",
    mx=("*.mail.protection.outlook.com", "*.mail.eo.outlook.com", "*.mx.microsoft"),
    imap="outlook.office365.com",
    smtp="smtp.office365.com:587",
    road="microsoft",
)
GMAIL = MailboxProvider(
    "google",
    "Gmail",
    ("gmail.com", "googlemail.com"),
    imap="imap.gmail.com",
    smtp="smtp.gmail.com",
    road="gmail",
    needs=("app_password",),
    help="https://myaccount.google.com/apppasswords",
)
_ZOHO_HELP = "https://www.zoho.com/mail/help/imap-access.html"
_YANDEX_HELP = "https://yandex.com/support/yandex-360/customers/mail/en/mail-clients/others"


def _zoho() -> Iterable[MailboxProvider]:
    for zone in ("com", "eu", "in", "com.au", "jp", "sa"):
        yield MailboxProvider(
            "zoho",
            "Zoho Mail",
            (f"zohomail.{zone}", *(("zoho.com",) if zone == "com" else ())),
            imap=f"imap.zoho.{zone}",
            smtp=f"smtp.zoho.{zone}",
            needs=("switch_on", "app_password_2fa"),
            help=_ZOHO_HELP,
        )
        # companies with a domain of their own have servers of their own
        yield MailboxProvider(
            "zoho",
            "Zoho Mail",
            mx=(f"mx*.zoho.{zone}",),
            imap=f"imappro.zoho.{zone}",
            smtp=f"smtppro.zoho.{zone}",
            needs=("switch_on", "app_password_2fa"),
            help=_ZOHO_HELP,
        )


def _ionos() -> Iterable[MailboxProvider]:
    others = {
        "de": ("*.kundenserver.de", "*.1and1.de", "*.1und1.de"),
        "com": ("*.1and1.com", "*.perfora.net"),
        "co.uk": ("*.1and1.co.uk",),
        "fr": ("*.1and1.fr",),
        "es": ("*.1and1.es", "*.clienteservidor.es"),
        "it": ("*.1and1.it",),
        "mx": ("*.1and1.mx",),
        "ca": (),
    }
    for zone, mx in others.items():
        yield MailboxProvider(
            "ionos",
            "IONOS",
            ("online.de", "onlinehome.de") if zone == "de" else (),
            (f"mx*.ionos.{zone}", *mx),
            f"imap.ionos.{zone}",
            f"smtp.ionos.{zone}",
        )


PROVIDERS: Sequence[MailboxProvider] = (
    OUTLOOK_COM,
    MICROSOFT_365,
    MailboxProvider(
        "microsoft",
        "Microsoft 365 (US government)",
        mx=("*.mail.protection.office365.us",),
        imap="outlook.office365.us",
        smtp="smtp.office365.us:587",
        road="microsoft",
    ),
    GMAIL,
    MailboxProvider(
        "google",
        "Google Workspace",
        mx=("*.google.com", "*.googlemail.com"),
        imap="imap.gmail.com",
        smtp="smtp.gmail.com",
        road="gmail",
        needs=("app_password",),
        help="https://myaccount.google.com/apppasswords",
    ),
    MailboxProvider(
        "yahoo",
        "Yahoo Mail",
        (
            "ymail.com",
            "rocketmail.com",
            "myyahoo.com",
            *_in(
                "yahoo",
                "com at be ca cz de dk es fi fr gr hu ie in it nl no pl pt ro se co.id co.in co.kr"
                " co.nz co.th co.uk co.za com.ar com.au com.br com.co com.hk com.mx com.my com.pe"
                " com.ph com.sg com.tr com.tw com.ve com.vn",
            ),
        ),
        ("*.yahoodns.net",),
        "imap.mail.yahoo.com",
        "smtp.mail.yahoo.com",
        needs=("app_password",),
        help="https://login.yahoo.com/myaccount/security/app-password",
    ),
    MailboxProvider(
        "aol",
        "AOL Mail",
        ("aol.com", "aol.de", "aol.fr", "aol.co.uk", "aim.com", "verizon.net", "netscape.net"),
        (),
        "imap.aol.com",
        "smtp.aol.com",
        needs=("app_password",),
        help="https://login.aol.com/myaccount/security/app-password",
    ),
    MailboxProvider(
        "icloud",
        "iCloud Mail",
        ("icloud.com", "me.com", "mac.com"),
        ("*.mail.icloud.com",),
        "imap.mail.me.com",
        "smtp.mail.me.com:587",
        needs=("app_password",),
        help="https://support.apple.com/102654",
    ),
    # ---- Germany, Austria, Switzerland
    MailboxProvider(
        "gmx",
        "GMX",
        ("gmx.net", "gmx.de", "gmx.at", "gmx.ch", "gmx.eu", "gmx.info", "gmx.biz", "gmx.org"),
        ("*.gmx.net",),
        "imap.gmx.net",
        "mail.gmx.net",
        needs=("switch_on", "app_password_2fa"),
        help="https://hilfe.gmx.net/pop-imap/einschalten.html",
    ),
    MailboxProvider(
        "gmx",
        "GMX",
        ("gmx.com", "gmx.us", "gmx.co.uk", "gmx.fr", "gmx.es"),
        (),
        "imap.gmx.com",
        "mail.gmx.com",
        needs=("switch_on", "app_password_2fa"),
        help="https://support.gmx.com/pop-imap/toggle.html",
    ),
    MailboxProvider(
        "mail_com",
        "mail.com",
        ("mail.com", "email.com", "usa.com", "post.com", "europe.com", "consultant.com"),
        (),
        "imap.mail.com",
        "smtp.mail.com",
        needs=("switch_on", "app_password_2fa"),
        help="https://support.mail.com/premium/imap/index.html",
    ),
    MailboxProvider(
        "web_de",
        "WEB.DE",
        ("web.de", "email.de"),
        ("*.web.de",),
        "imap.web.de",
        "smtp.web.de",
        needs=("switch_on", "app_password_2fa"),
        help="https://hilfe.web.de/pop-imap/einschalten.html",
    ),
    MailboxProvider(
        "t_online",
        "Telekom",
        ("t-online.de", "magenta.de"),
        ("*.t-online.de",),
        "secureimap.t-online.de",
        "securesmtp.t-online.de",
        needs=("own_password",),
        help="https://www.telekom.de/hilfe/apps-dienste/e-mail/e-mail-passwoerter",
    ),
    MailboxProvider(
        "freenet",
        "freenet Mail",
        ("freenet.de", "freenetmail.de"),
        ("*.freenet.de",),
        "mx.freenet.de",
        "mx.freenet.de",
        needs=("switch_on",),
        help="https://kundenservice.freenet.de/faq/e-mail-client-mail/pop3-imap-und-smtp-aktivieren/",
    ),
    MailboxProvider(
        "mailbox_org",
        "mailbox.org",
        ("mailbox.org",),
        ("*.mailbox.org",),
        "imap.mailbox.org",
        "smtp.mailbox.org",
        needs=("app_password_2fa",),
        help="https://kb.mailbox.org/",
    ),
    MailboxProvider(
        "posteo",
        "Posteo",
        ("posteo.de", "posteo.net", "posteo.org", "posteo.eu", "posteo.at", "posteo.ch"),
        ("*.posteo.de",),
        "posteo.de",
        "posteo.de",
        help="https://posteo.de/en/help",
    ),
    MailboxProvider(
        "mail_de", "mail.de", ("mail.de",), ("*.mail.de",), "imap.mail.de", "smtp.mail.de"
    ),
    MailboxProvider(
        "vodafone",
        "Vodafone",
        ("arcor.de", "vodafone.de", "kabelmail.de"),
        (),
        "imap.vodafonemail.de",
        "smtp.vodafonemail.de",
    ),
    MailboxProvider(
        "strato",
        "STRATO",
        (),
        ("*.rzone.de", "*.strato.de", "*.strato.com"),
        "imap.strato.de",
        "smtp.strato.de",
    ),
    *_ionos(),
    MailboxProvider(
        "hetzner",
        "Hetzner",
        (),
        ("*.your-server.de",),
        "mail.your-server.de",
        "mail.your-server.de",
    ),
    # each customer has a server of their own, which also takes the mail
    MailboxProvider("all_inkl", "ALL-INKL.COM", (), ("*.kasserver.com",), "{mx}", "{mx}"),
    MailboxProvider("netcup", "netcup", (), ("mx*.netcup.net",), "{mx}", "{mx}"),
    MailboxProvider(
        "domainfactory", "DomainFactory", (), ("*.ispgateway.de",), "sslin.df.eu", "sslout.df.eu"
    ),
    MailboxProvider(
        "mittwald",
        "Mittwald",
        (),
        ("*.agenturserver.de",),
        "mail.agenturserver.de",
        "mail.agenturserver.de",
    ),
    MailboxProvider(
        "a1",
        "A1",
        ("a1.net", "aon.at", "a1telekom.at"),
        (),
        "securemail.a1.net",
        "securemail.a1.net",
    ),
    MailboxProvider(
        "bluewin",
        "Swisscom (Bluewin)",
        ("bluewin.ch", "bluemail.ch"),
        ("*.bluewin.ch",),
        "imaps.bluewin.ch",
        "smtpauths.bluewin.ch",
    ),
    MailboxProvider(
        "infomaniak",
        "Infomaniak",
        ("ik.me", "ikmail.com", "etik.com"),
        ("*.infomaniak.ch", "*.infomaniak.com"),
        "mail.infomaniak.com",
        "mail.infomaniak.com",
        needs=("app_password_2fa",),
        help="https://www.infomaniak.com/en/support/faq/2427",
    ),
    MailboxProvider(
        "hostpoint",
        "Hostpoint",
        (),
        ("*.mail.hostpoint.ch",),
        "imap.mail.hostpoint.ch",
        "asmtp.mail.hostpoint.ch",
    ),
    # ---- France, Benelux
    MailboxProvider(
        "orange",
        "Orange",
        ("orange.fr", "wanadoo.fr"),
        ("*.orange.fr",),
        "imap.orange.fr",
        "smtp.orange.fr",
        needs=("switch_on",),
    ),
    MailboxProvider(
        "free", "Free", ("free.fr",), ("*.free.fr",), "imap.free.fr", "smtp.free.fr", user="local"
    ),
    MailboxProvider(
        "laposte",
        "La Poste",
        ("laposte.net",),
        ("*.laposte.net",),
        "imap.laposte.net",
        "smtp.laposte.net",
        needs=("switch_on",),
    ),
    MailboxProvider(
        "sfr", "SFR", ("sfr.fr", "neuf.fr", "cegetel.net"), (), "imap.sfr.fr", "smtp.sfr.fr"
    ),
    # Exchange and E-mail Pro have hosts of their own, which also take the mail
    MailboxProvider(
        "ovh", "OVHcloud", (), ("ex*.mail.ovh.net", "pro*.mail.ovh.net"), "{mx}", "{mx}:587"
    ),
    MailboxProvider(
        "ovh", "OVHcloud", (), ("*.mail.ovh.net", "*.ovh.net"), "ssl0.ovh.net", "ssl0.ovh.net"
    ),
    MailboxProvider(
        "gandi", "Gandi", (), ("*.mail.gandi.net",), "mail.gandi.net", "mail.gandi.net"
    ),
    MailboxProvider(
        "telenet",
        "Telenet",
        ("telenet.be",),
        ("*.telenet-ops.be",),
        "imap.telenet.be",
        "smtp.telenet.be:587",
    ),
    MailboxProvider(
        "kpn",
        "KPN",
        ("kpnmail.nl", "planet.nl", "hetnet.nl"),
        (),
        "imap.kpnmail.nl",
        "smtp.kpnmail.nl:587",
    ),
    MailboxProvider("ziggo", "Ziggo", ("ziggo.nl",), (), "imap.ziggo.nl", "smtp.ziggo.nl:587"),
    MailboxProvider(
        "transip", "TransIP", (), ("*.transip.email",), "imap.transip.email", "smtp.transip.email"
    ),
    # ---- Italy, Spain
    MailboxProvider(
        "libero",
        "Libero",
        ("libero.it", "inwind.it", "iol.it", "blu.it", "giallo.it"),
        ("*.libero.it",),
        "imapmail.libero.it",
        "smtp.libero.it",
        needs=("app_password_2fa",),
    ),
    MailboxProvider(
        "virgilio", "Virgilio", ("virgilio.it",), (), "in.virgilio.it", "out.virgilio.it"
    ),
    MailboxProvider(
        "aruba",
        "Aruba",
        ("aruba.it", "technet.it"),
        ("*.aruba.it", "*.arubabusiness.it"),
        "imaps.aruba.it",
        "smtps.aruba.it",
    ),
    # ---- North and east of Europe
    MailboxProvider("telia", "Telia", ("telia.com",), (), "imap.telia.com", "mailout.telia.com"),
    MailboxProvider("one_com", "one.com", (), ("*.one.com",), "imap.one.com", "send.one.com"),
    MailboxProvider(
        "loopia", "Loopia", (), ("*.loopia.se",), "mailcluster.loopia.se", "mailcluster.loopia.se"
    ),
    MailboxProvider(
        "domeneshop",
        "Domeneshop",
        (),
        ("*.domeneshop.no",),
        "imap.domeneshop.no",
        "smtp.domeneshop.no:587",
    ),
    MailboxProvider(
        "wp",
        "WP Poczta",
        ("wp.pl",),
        ("mx.wp.pl",),
        "imap.wp.pl",
        "smtp.wp.pl",
        needs=("switch_on",),
    ),
    MailboxProvider(
        "o2_pl",
        "o2 Poczta",
        ("o2.pl", "tlen.pl", "go2.pl"),
        (),
        "poczta.o2.pl",
        "poczta.o2.pl",
        needs=("switch_on",),
    ),
    MailboxProvider(
        "onet",
        "Onet Poczta",
        ("onet.pl", "op.pl", "onet.eu", "onet.com.pl", "vp.pl", "poczta.onet.pl", "autograf.pl"),
        ("*.poczta.onet.pl",),
        "imap.poczta.onet.pl",
        "smtp.poczta.onet.pl",
        needs=("switch_on",),
    ),
    MailboxProvider(
        "interia",
        "Interia",
        ("interia.pl", "interia.eu", "poczta.fm"),
        (),
        "poczta.interia.pl",
        "poczta.interia.pl",
        needs=("switch_on",),
    ),
    MailboxProvider(
        "seznam",
        "Seznam",
        ("seznam.cz", "email.cz", "post.cz"),
        ("*.seznam.cz",),
        "imap.seznam.cz",
        "smtp.seznam.cz",
    ),
    MailboxProvider(
        "yandex",
        "Yandex Mail",
        (*_in("yandex", "ru com net by kz ua"), "ya.ru", "narod.ru"),
        ("*.yandex.ru", "*.yandex.net"),
        "imap.yandex.com",
        "smtp.yandex.com",
        needs=("switch_on", "app_password"),
        help=_YANDEX_HELP,
    ),
    MailboxProvider(
        "mail_ru",
        "Mail.ru",
        ("mail.ru", "bk.ru", "inbox.ru", "list.ru", "internet.ru"),
        ("*.mail.ru",),
        "imap.mail.ru",
        "smtp.mail.ru",
        needs=("app_password",),
        help="https://help.mail.ru/mail/security/protection/external",
    ),
    # ---- All over the world
    MailboxProvider(
        "fastmail",
        "Fastmail",
        ("fastmail.com", "fastmail.fm", "sent.com", "messagingengine.com"),
        ("*.messagingengine.com",),
        "imap.fastmail.com",
        "smtp.fastmail.com",
        needs=("app_password",),
        help="https://www.fastmail.help/hc/en-us/articles/360058752854-App-passwords",
    ),
    MailboxProvider(
        "migadu", "Migadu", (), ("*.migadu.com",), "imap.migadu.com", "smtp.migadu.com"
    ),
    *_zoho(),
    MailboxProvider(
        "proton",
        "Proton Mail",
        ("proton.me", "protonmail.com", "protonmail.ch", "pm.me"),
        ("*.protonmail.ch",),
        # read only through a program on one's own computer
        road="forward",
        help="https://proton.me/support/email-forwarding",
    ),
    MailboxProvider(
        "tuta",
        "Tuta",
        ("tuta.com", "tutanota.com", "tutanota.de", "tutamail.com", "tuta.io", "keemail.me"),
        ("mail.tutanota.de", "*.tutanota.de"),
        # neither read by other programs nor forwarded
        road="provided",
    ),
    MailboxProvider(
        "mailfence",
        "Mailfence",
        ("mailfence.com",),
        ("*.mailfence.com",),
        "imap.mailfence.com",
        "smtp.mailfence.com",
    ),
    MailboxProvider(
        "runbox", "Runbox", ("runbox.com",), ("*.runbox.com",), "mail.runbox.com", "mail.runbox.com"
    ),
    MailboxProvider(
        "rackspace",
        "Rackspace Email",
        (),
        ("*.emailsrvr.com",),
        "secure.emailsrvr.com",
        "secure.emailsrvr.com",
    ),
    MailboxProvider(
        "namecheap",
        "Namecheap Private Email",
        (),
        ("*.privateemail.com",),
        "mail.privateemail.com",
        "mail.privateemail.com",
    ),
    MailboxProvider(
        "godaddy",
        "GoDaddy",
        (),
        ("*.secureserver.net",),
        "imap.secureserver.net",
        "smtpout.secureserver.net",
    ),
    MailboxProvider(
        "hostinger",
        "Hostinger",
        (),
        ("*.hostinger.com",),
        "imap.hostinger.com",
        "smtp.hostinger.com",
    ),
    MailboxProvider(
        "titan", "Titan", (), ("*.titan.email",), "imap.titan.email", "smtp.titan.email"
    ),
    MailboxProvider(
        "dreamhost",
        "DreamHost",
        (),
        ("*.dreamhost.com",),
        "imap.dreamhost.com",
        "smtp.dreamhost.com",
    ),
    MailboxProvider(
        "comcast",
        "Comcast",
        ("comcast.net",),
        (),
        "imap.comcast.net",
        "smtp.comcast.net",
        needs=("switch_on",),
    ),
    MailboxProvider(
        "att",
        "AT&T Mail",
        ("att.net", "sbcglobal.net", "bellsouth.net"),
        (),
        "imap.mail.att.net",
        "smtp.mail.att.net",
        needs=("app_password",),
    ),
    MailboxProvider(
        "naver",
        "Naver",
        ("naver.com",),
        (),
        "imap.naver.com",
        "smtp.naver.com",
        needs=("switch_on", "app_password_2fa"),
    ),
)
