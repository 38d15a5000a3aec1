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


def test_the_clouds():
    us = cloud.scopes("https://LOGIN.microsoftonline.us/x", "user", "mail")
    assert us[0] == "https://outlook.office365.us/IMAP.AccessAsUser.All"
    china = cloud.scopes("https://login.partner.microsoftonline.cn/x", "app", "graph")
    assert china == ("https://microsoftgraph.chinacloudapi.cn/.default",)
