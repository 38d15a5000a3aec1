"""What the test's OpenID provider knows: its client, codes, and tokens, on `authlib`."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections import Counter
from dataclasses import dataclass, field

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request, grants
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDCode
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from joserfc import jwk, jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

CODE_SECONDS = 600
_AUTH_METHODS = ["client_secret_post", "client_secret_basic", "client_assertion_jwt"]


class Refusal(OAuth2Error):
    """A refusal in Microsoft's words: a number at the beginning of the description."""

    def __init__(self, error: str, description: str, status: int = 400):
        super().__init__(error=error, description=description, status_code=status)


class Request(OAuth2Request):
    """An HTTP request in the shape that `authlib` knows."""

    def __init__(self, method: str, uri: str, query: dict, form: dict, headers: dict):
        super().__init__(method, uri, headers=headers)
        self._query = query
        self._form = form
        self.payload = BasicOAuth2Payload({**query, **form})

    @property
    def args(self):
        return self._query

    @property
    def form(self):
        return self._form


@dataclass
class Registration:
    """The one app registration."""

    openid: object

    def get_client_id(self):
        return self.openid.client_id

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return scope or ""

    def check_redirect_uri(self, redirect_uri):
        known = self.openid.redirect_uris
        if known is not None and redirect_uri not in known:
            raise Refusal("invalid_request", "AADSTS50011: The redirect URI does not match.")
        return True

    def check_client_secret(self, secret):
        openid = self.openid
        if openid.secret_expired and secret == openid.client_secret:
            raise Refusal(
                "invalid_client",
                "AADSTS7000222: The provided client secret keys for app "
                f"'{openid.client_id}' are expired.",
                401,
            )
        if secret != openid.client_secret:
            raise Refusal("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)
        return True

    def check_endpoint_auth_method(self, method, endpoint):
        return method in _AUTH_METHODS

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return True


@dataclass
class Code:
    """An authorization code."""

    code: str
    user: str
    redirect_uri: str
    scope: str
    nonce: str
    issued: float
    code_challenge: str
    code_challenge_method: str
    used: bool = False

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return int(self.issued)

    def get_acr(self):
        return None

    def get_amr(self):
        return None


@dataclass
class Token:
    """An access token, and the refresh token that came with it."""

    access: str
    refresh: str
    user: str  # empty for the app by itself
    scope: str
    issued: float
    seconds: int
    revoked: bool = False
    replaced: bool = False
    why: str = ""

    def check_client(self, client):
        return True

    def get_scope(self):
        return self.scope


@dataclass
class Store:
    """Codes and tokens; everything under one lock."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    codes: dict[str, Code] = field(default_factory=dict)
    access: dict[str, Token] = field(default_factory=dict)
    refresh: dict[str, Token] = field(default_factory=dict)
    count: Counter = field(default_factory=Counter)
    secrets: set[str] = field(default_factory=set)
    assertions: set[str] = field(default_factory=set)


def _resources(scope: str) -> set[str]:
    return {each.rpartition("/")[0] for each in scope.split() if "/" in each}


def _one_resource(scope: str) -> str:
    if len(_resources(scope)) > 1:
        raise Refusal(
            "invalid_request",
            "AADSTS28000: Provided value for the input parameter scope is not valid because "
            "it contains more than one resource.",
        )
    return scope


class Grants(AuthorizationServer):
    """The grants of :class:`~.openid.OpenId`; `self.openid` has the knobs."""

    def __init__(self, openid):
        super().__init__()
        self.openid = openid
        self.store: Store = openid.store
        self.register_token_generator("default", self._generator())
        self.register_client_auth_method("client_assertion_jwt", Assertion(openid))
        id_token = IdToken(openid)
        self.register_grant(AuthorizationCode, [CodeChallenge(required=True), id_token])
        self.register_grant(Refresh, [id_token])
        self.register_grant(ClientCredentials)

    def _generator(self):
        def access(client, grant_type, user, scope):
            return self._access_token(user, scope)

        def refresh(client, grant_type, user, scope):
            return self._secret() if self._lasting(scope) else ""

        return BearerTokenGenerator(access, refresh, lambda *_about: self.openid.token_seconds)

    def _access_token(self, user: str | None, scope: str) -> str:
        """A JWT as Microsoft's, and as long."""
        openid = self.openid
        now = int(openid.now())
        names = [each.rpartition("/")[2] for each in scope.split() if "/" in each]
        if user:
            rights = {"scp": " ".join(names), "upn": user, "idtyp": "user"}
        else:
            rights = {"roles": ["IMAP.AccessAsApp", "SMTP.SendAsApp"], "idtyp": "app"}
        claims = {
            "iss": openid.issuer,
            "aud": "".join(sorted(_resources(scope))[:1]) or openid.issuer,
            "appid": openid.client_id,
            "iat": now,
            "nbf": now,
            "exp": now + openid.token_seconds,
            "uti": secrets.token_urlsafe(900),
            **rights,
        }
        made = jwt.encode({"alg": "ES256"}, claims, openid.key, ["ES256"])
        self.store.secrets.add(made)
        return made

    def _secret(self) -> str:
        made = secrets.token_urlsafe(32)
        self.store.secrets.add(made)
        return made

    def _lasting(self, scope: str) -> bool:
        return "offline_access" in scope.split() and self.openid.offline_access

    def query_client(self, client_id):
        if client_id != self.openid.client_id:
            raise Refusal(
                "unauthorized_client",
                f"AADSTS700016: Application with identifier '{client_id}' was not found in the "
                "directory.",
            )
        return Registration(self.openid)

    def send_signal(self, name, *args, **kwargs):
        """Nobody listens."""

    def create_oauth2_request(self, request):
        return request

    def handle_response(self, status, body, headers):
        return status, body, headers

    def save_token(self, token, request):
        user = request.user or ""
        if not token.get("refresh_token"):
            token.pop("refresh_token", None)
        kept = Token(
            token["access_token"],
            token.get("refresh_token", ""),
            user,
            token.get("scope", ""),
            self.openid.now(),
            token["expires_in"],
        )
        self.store.access[kept.access] = kept
        if kept.refresh:
            self.store.refresh[kept.refresh] = kept
        if user and request.form.get("client_info"):
            # Microsoft's, from which msal makes the name of the account.
            info = {"uid": self.openid.user_id(user), "utid": self.openid.tenant_id}
            encoded = base64.urlsafe_b64encode(json.dumps(info).encode())
            token["client_info"] = encoded.decode().rstrip("=")


class AuthorizationCode(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = _AUTH_METHODS

    def save_authorization_code(self, code, request):
        store = self.server.store
        asked = request.payload.data
        store.secrets.add(code)
        store.codes[code] = Code(
            code,
            request.user,
            request.payload.redirect_uri,
            request.scope,
            asked.get("nonce", ""),
            self.server.openid.now(),
            asked.get("code_challenge", ""),
            asked.get("code_challenge_method", ""),
        )

    def query_authorization_code(self, code, client):
        openid = self.server.openid
        found = openid.store.codes.get(code)
        openid.store.secrets.add(self.request.form.get("code_verifier", ""))
        if not found:
            raise Refusal("invalid_grant", "AADSTS9002313: The code is malformed or invalid.")
        if found.used:
            raise Refusal(
                "invalid_grant", "AADSTS54005: OAuth2 Authorization code was already redeemed."
            )
        if openid.now() - found.issued > CODE_SECONDS:
            raise Refusal("invalid_grant", "AADSTS70008: The authorization code has expired.")
        found.scope = _one_resource(self.request.form.get("scope") or found.scope)
        found.used = True
        return found

    def delete_authorization_code(self, authorization_code):
        """It is kept, to know it when it comes again."""
        self.server.store.count["sign_ins"] += 1

    def authenticate_user(self, authorization_code):
        return authorization_code.user


class Refresh(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = _AUTH_METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token):
        openid = self.server.openid
        found = openid.store.refresh.get(refresh_token)
        openid.store.count["refresh_attempts"] += 1
        if found is None:
            raise Refusal("invalid_grant", "AADSTS70000: The provided grant is invalid.")
        if found.revoked:
            raise Refusal("invalid_grant", found.why)
        if found.replaced and not openid.old_refresh_tokens_stay:
            openid.store.count["refused_refreshes"] += 1
            raise Refusal("invalid_grant", "AADSTS70000: The refresh token was used before.")
        idle = openid.refresh_token_seconds
        if idle is not None and openid.now() - found.issued > idle:
            raise Refusal(
                "invalid_grant", "AADSTS700082: The refresh token has expired due to inactivity."
            )
        return found

    def _validate_token_scope(self, token):
        # As with Microsoft, a refresh token is for every resource that was consented to.
        _one_resource(self.request.payload.scope or "")

    def authenticate_user(self, refresh_token):
        return refresh_token.user

    def revoke_old_credential(self, refresh_token):
        store = self.server.store
        refresh_token.replaced = True
        store.count["refreshes"] += 1


class ClientCredentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = _AUTH_METHODS

    def create_token_response(self):
        openid = self.server.openid
        if not openid.admin_consented:
            raise Refusal(
                "invalid_grant", "AADSTS65001: The administrator has not consented to the app."
            )
        openid.store.count["app_tokens"] += 1
        return super().create_token_response()


class _LongHeaders(JWSRegistry):
    """msal sends its certificate along."""

    max_header_length = 10_000


class Assertion(JWTBearerClientAssertion):
    """A client that proves itself by a certificate (RFC 7523)."""

    def __init__(self, openid):
        super().__init__()
        self.openid = openid

    def get_audiences(self):
        return [self.openid.token_endpoint, self.openid.issuer]

    def resolve_client_public_key(self, client):
        if not self.openid.client_certificate:
            raise Refusal("invalid_client", "AADSTS700027: No certificate is registered.", 401)
        certificate = x509.load_pem_x509_certificate(self.openid.client_certificate.encode())
        public = certificate.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return jwk.RSAKey.import_key(public)

    def extract_assertion(self, assertion):
        header, claims = (
            json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            for part in assertion.split(".")[:2]
        )
        return header, claims

    def process_assertion_claims(self, assertion, resolve_key):
        self.openid.store.secrets.add(assertion)
        try:
            token = jwt.decode(
                assertion, resolve_key, registry=_LongHeaders(algorithms=["PS256", "RS256"])
            )
        except JoseError as error:
            raise Refusal(
                "invalid_client",
                "AADSTS700027: The certificate with identifier used to sign the client "
                "assertion is not registered on application.",
                401,
            ) from error
        now = self.openid.now()
        claims = token.claims
        # Microsoft allows five minutes.
        if claims["exp"] < now - 300 or claims.get("nbf", claims["iat"]) > now + 300:
            raise Refusal(
                "invalid_client",
                "AADSTS700024: Client assertion is not within its valid time range.",
                401,
            )
        self.verify_claims(claims)
        return claims

    def validate_jti(self, claims, jti):
        known = self.openid.store.assertions
        return jti not in known and not known.add(jti)


class IdToken(OpenIDCode):
    """ID tokens; without any check of the nonce having been used."""

    def __init__(self, openid):
        super().__init__()
        self.openid = openid

    def exists_nonce(self, nonce, request):
        return False

    def resolve_client_private_key(self, client):
        return self.openid.key

    def get_client_algorithm(self, client):
        return "ES256"

    def get_client_claims(self, client):
        now = int(self.openid.now())
        return {
            "iss": self.openid.issuer,
            "aud": client.get_client_id(),
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
        }

    def generate_user_info(self, user, scope):
        return {
            "sub": self.openid.user_id(user),
            "oid": self.openid.user_id(user),
            "tid": self.openid.tenant_id,
            "preferred_username": user,
            "name": self.openid.users[user],
        }
