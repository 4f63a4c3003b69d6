"""Ayuda: the guide with links into the portal, the words, the keys, who to ask."""

from django.urls import reverse

from profiles.views import wizard
from tests.conftest import soup

HELP = "/ayuda/"


def test_it_has_every_sentence_of_the_wizard_once_for_each_visitor(client_of, visitors):
    sentences = {text for step in wizard.STEPS for texts in step.guide.values() for text in texts}
    for user in visitors.values():
        said = [item.text for item in soup(client_of(user).get(HELP)).select(".numbered ul li")]
        assert sorted(said) == sorted(sentences)


def test_it_leads_a_principal_into_the_portal_and_a_secondary_user_to_the_principal(
    client_of, principal, secondary
):
    page = soup(client_of(principal).get(HELP))
    links = {link["href"] for link in page.main.select("a")}
    assert {reverse("users:create"), reverse("profiles:user_list")} <= links
    page = soup(client_of(secondary).get(HELP))
    assert page.main.select("a") == []
    assert principal.get_full_name() in page.main.text


def test_every_page_leads_to_it(client_of, client, secondary):
    for page in (soup(client_of(secondary).get("/")), soup(client.get("/ingresar/"))):
        assert page.select_one("link[rel=help]")["href"] == HELP
        assert page.select(f"header a[href='{HELP}']")
