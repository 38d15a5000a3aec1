# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""National clouds have hosts of their own, also in what is asked for."""

from urllib.parse import urlsplit

import pytest

from mailflow import cloud, oauth

WORLD = "https://login.microsoftonline.com/contoso.com"
NATIONAL = [f"https://{host}/contoso.com" for host in cloud.NATIONAL]


def hosts(scopes):
    return {urlsplit(scope).hostname for scope in scopes}


@pytest.mark.parametrize("authority", [WORLD, "https://id.acorn-tests.example/realm", ""])
def test_the_world_is_the_default(authority):
    assert cloud.cloud_of(authority) is cloud.WORLD
    assert cloud.scopes(authority, "user", "mail") == oauth.MAIL_SCOPES
    assert cloud.scopes(authority, "app", "graph") == oauth.APP_GRAPH_SCOPES


@pytest.mark.parametrize("authority", NATIONAL)
@pytest.mark.parametrize(("flow", "resource"), cloud.SCOPES)
def test_nothing_of_the_world_is_asked_of_a_national_cloud(authority, flow, resource):
    asked = cloud.scopes(authority, flow, resource)
    assert not hosts(asked) & hosts(cloud.SCOPES[flow, resource])
    assert [each.rpartition("/")[2] for each in asked] == [
        each.rpartition("/")[2] for each in cloud.SCOPES[flow, resource]
    ]


@pytest.mark.parametrize("host", ["login.microsoftonline.com", "LOGIN.windows.net"])
def test_tokens_of_microsoft_are_for_its_servers(host):
    authority = f"https://{host}/contoso.com"
    for server in ("outlook.office365.com", "SMTP.office365.com.", " smtp-mail.outlook.com"):
        assert cloud.may_have_token(authority, server)
    for server in (
        "imap.acorn-tests.example",
        "outlook.office365.com.acorn-tests.example",
        "notoffice365.com",
        "outlook.office365.us",
        "192.0.2.7",
        "",
    ):
        assert not cloud.may_have_token(authority, server)


@pytest.mark.parametrize("authority", NATIONAL)
def test_tokens_of_a_national_cloud_stay_there(authority):
    own = cloud.cloud_of(authority)
    assert cloud.may_have_token(authority, own.imap)
    assert cloud.may_have_token(authority, own.smtp)
    assert not cloud.may_have_token(authority, cloud.WORLD.imap)


def test_another_openid_server_may_be_of_any_mail_server():
    assert cloud.may_have_token("https://id.acorn-tests.example/realm", "localhost")


@pytest.mark.parametrize("authority", [WORLD, *NATIONAL])
def test_each_cloud_has_its_servers(authority):
    own = cloud.cloud_of(authority)
    assert cloud.may_have_token(authority, own.imap)
    assert cloud.may_have_token(authority, own.smtp)


def test_the_clouds():
    us = cloud.scopes("https://LOGIN.microsoftonline.us/x", "user", "mail")
    assert us[0] == "https://outlook.office365.us/IMAP.AccessAsUser.All"
    china = cloud.scopes("https://login.partner.microsoftonline.cn/x", "app", "graph")
    assert china == ("https://microsoftgraph.chinacloudapi.cn/.default",)
