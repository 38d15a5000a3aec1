from dataclasses import dataclass


@dataclass(frozen=True)
class Trust:
    dmarc: str = "none"
    note: object = None


def tell_trust(mail, authserv_id):
    return Trust()
