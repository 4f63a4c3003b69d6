"""How many guesses of a password are compared, and how long the lock after that lasts."""

import re
from itertools import count

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.conftest import OTHER_RUC, PASSWORD, RUC, acting, fail_to_sign_in, soup
from tests.users.throttle.conftest import GUESS, LOCKED, WRONG, said, sign_in, staff_sign_in
from users.actions import accounts
from users.models import FailureCount
from users.signin import limits, throttle

# The lock of an account ----------------------------------------------------------------------------


def test_five_guesses_are_compared_and_the_sixth_is_refused(client, secondary, clock, compared):
    compared.clear()
    for _ in range(5):
        assert said(sign_in(client)) == WRONG
    assert said(sign_in(client)) == LOCKED.format("1 minuto")
    assert len(compared) == 5


def test_the_right_password_is_not_compared_during_a_lock(client, secondary, clock, compared):
    fail_to_sign_in(secondary)
    compared.clear()
    wrong, right = sign_in(client), sign_in(client, PASSWORD)
    assert said(right) == LOCKED.format("1 minuto")
    assert right.status_code == wrong.status_code
    assert right.headers.keys() == wrong.headers.keys()
    assert right.cookies.keys() == wrong.cookies.keys()
    assert compared == []


def test_the_waits_grow_to_a_quarter_of_an_hour_and_no_further(client, secondary, clock):
    for minutes in (1, 5, 15, 15, 15):
        fail_to_sign_in(secondary)
        wait = "1 minuto" if minutes == 1 else f"{minutes} minutos"
        assert said(sign_in(client)) == LOCKED.format(wait)
        clock.advance(minutes=minutes, seconds=-1)
        assert said(sign_in(client)) == LOCKED.format("1 minuto")
        clock.advance(seconds=1)
    assert sign_in(client, PASSWORD).status_code == 302


def test_retrying_does_not_extend_a_lock(client, secondary, clock):
    fail_to_sign_in(secondary)
    for _ in range(6):
        clock.advance(seconds=9)
        sign_in(client)
    clock.advance(seconds=6)
    assert said(sign_in(client)) == WRONG


def test_the_counter_resets_after_twelve_hours(client, secondary, clock):
    fail_to_sign_in(secondary, 4)
    clock.advance(hours=12)
    fail_to_sign_in(secondary, 4)
    assert said(sign_in(client)) == WRONG
    clock.advance(hours=11, minutes=59)
    fail_to_sign_in(secondary)
    # The tenth failure in a row has the second wait.
    assert said(sign_in(client)) == LOCKED.format("5 minutos")


def test_the_right_password_resets_the_counter(client, secondary):
    fail_to_sign_in(secondary, 4)
    assert sign_in(client, PASSWORD).status_code == 302
    for _ in range(5):
        assert said(sign_in(Client())) == WRONG


def test_all_spellings_of_a_name_share_one_counter(client, secondary, clock):
    spellings = ["jperez01", "JPEREZ01 ", "\tJPerez01", "ＪＰＥＲＥＺ０１", " " * 300 + "JPEREZ01"]
    for spelling in spellings:
        sign_in(client, username=spelling)
    assert said(sign_in(client, PASSWORD)).startswith("Por seguridad")
    accounts = FailureCount.objects.filter(key__startswith="account:")
    assert accounts.get().failures == len(spellings)


def test_a_counter_key_has_a_bounded_length_for_any_name(client, secondary):
    sign_in(client, username="A" * 1024 * 1024)
    longest = max(len(row.key) for row in FailureCount.objects.all())
    assert longest <= FailureCount._meta.get_field("key").max_length


def test_a_lock_affects_one_account_only(client, secondary, stranger, make_secondary):
    make_secondary("COLEGA01", 90000050)
    fail_to_sign_in(secondary)
    assert sign_in(Client(), PASSWORD, username="COLEGA01").status_code == 302
    assert sign_in(Client(), PASSWORD, ruc=OTHER_RUC, username="TITULAR1").status_code == 302


def test_an_empty_name_is_not_counted(client, secondary, staff):
    for username in ("", "   "):
        sign_in(client, username=username)
        staff_sign_in(client, username=username)
    assert not FailureCount.objects.exists()
    assert sign_in(client, PASSWORD).status_code == 302


# An existing name and an unknown one get the same answer --------------------------------------------


KINDS = {
    "wrong password": {},
    "right password": {"password": PASSWORD},
    "unknown usuario": {"username": "NADIE001"},
    "unknown RUC": {"ruc": "20000000109"},
    "suspended": {"username": "SUSPEN01"},
    "eliminated": {"username": "ELIMIN01"},
    "closed operator": {"ruc": OTHER_RUC, "username": "AJENO001"},
}


@pytest.fixture
def inactive(principal, make_secondary, strangers_secondary):
    accounts.suspend_user(actor=acting(principal), user=make_secondary("SUSPEN01", 90000021))
    accounts.eliminate_user(actor=acting(principal), user=make_secondary("ELIMIN01", 90000022))
    strangers_secondary.operator.is_active = False
    strangers_secondary.operator.save()


@pytest.mark.usefixtures("secondary", "inactive")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "right password"])
def test_every_kind_of_name_locks_at_the_same_count_with_the_same_words(
    client, clock, compared, kind
):
    compared.clear()
    answers, statements = guesses_at(client, **KINDS[kind])
    assert answers == [WRONG] * 5 + [LOCKED.format("1 minuto")]
    assert len(compared) == 5
    # The statements are the same for each kind, once the counters exist.
    _, reference = guesses_at(client, username="TITULAR1")
    assert statements[1:] == reference[1:]


def guesses_at(client, **sent) -> tuple[list[str], list[list[str]]]:
    """The answers to six wrong guesses, and the statements that each guess executes."""
    answers, statements = [], []
    for _ in range(6):
        with CaptureQueriesContext(connection) as captured:
            answers.append(said(sign_in(client, **sent)))
        statements.append([" ".join(query["sql"].split()[:2]) for query in captured])
    return answers, [[re.sub(r'"s\d+_x\d+"', "", each) for each in some] for some in statements]


@pytest.mark.usefixtures("secondary", "inactive")
@pytest.mark.parametrize("kind", KINDS)
def test_a_locked_name_gets_the_same_answer_whatever_it_is(client, clock, settings, kind):
    settings.DEMO = False
    sent = {"ruc": RUC, "username": "JPEREZ01", **KINDS[kind]}
    for _ in range(5):
        sign_in(client, **{**KINDS[kind], "password": GUESS})
    response = sign_in(client, **KINDS[kind])
    for _ in range(5):
        sign_in(client, username="OTRO0001")
    reference = sign_in(client, username="OTRO0001")

    def page(answer, ruc, username):
        found = soup(answer)
        found.find(attrs={"name": "csrfmiddlewaretoken"}).decompose()
        return str(found).replace(ruc, "").replace(username, "")

    assert said(response) == LOCKED.format("1 minuto")
    assert page(response, sent["ruc"], sent["username"]) == page(reference, RUC, "OTRO0001")
    assert response.headers.keys() == reference.headers.keys()
    assert response.cookies.keys() == reference.cookies.keys()


def test_a_ruc_with_a_wrong_check_digit_is_refused_without_looking_anything_up(client, secondary):
    with CaptureQueriesContext(connection) as captured:
        sign_in(client, PASSWORD, ruc="20999999044")
    assert len(captured) == 0
    assert not FailureCount.objects.exists()


# Limits that many accounts share --------------------------------------------------------------------------


def test_one_password_on_many_accounts_from_one_address_is_limited(client, operator, clock):
    for number in range(25):
        ruc = RUC if number % 2 else OTHER_RUC
        assert said(sign_in(client, PASSWORD, ruc=ruc, username=f"NADIE{number:03}")) == WRONG
    assert said(sign_in(client, PASSWORD, username="NADIE999")).startswith("Por seguridad")
    assert said(sign_in(client, username="NADIE999", REMOTE_ADDR="192.0.2.9")) == WRONG
    # A twenty-fifth of a minute later one more guess is compared.
    clock.advance(seconds=2.4)
    assert said(sign_in(client, username="NADIE998")) == WRONG
    assert said(sign_in(client, username="NADIE997")).startswith("Por seguridad")
    clock.advance(minutes=1)
    assert said(sign_in(client, username="NADIE996")) == WRONG


def test_accounts_of_a_ruc_share_a_limit_after_the_first_guess_at_each(
    client, secondary, stranger, clock
):
    addresses = count(1)

    def from_somewhere(username, *sent, **also):
        number = next(addresses)
        return sign_in(
            client, *sent, username=username, REMOTE_ADDR=f"192.0.{number // 250}.{number}", **also
        )

    names = [f"NADIE{number:03}" for number in range(50)]
    assert {said(from_somewhere(name)) for name in names} == {WRONG}
    assert {said(from_somewhere(name)) for name in names} == {LOCKED.format("2 minutos")}
    assert said(from_somewhere("NADIE000", ruc=OTHER_RUC)) == WRONG
    # The first guess at any other name is compared, and changes nothing for the others.
    assert said(from_somewhere("JPEREZ01")) == WRONG
    refused = from_somewhere("JPEREZ01", PASSWORD)
    assert said(refused) == said(from_somewhere("NADIE000")) == LOCKED.format("2 minutos")
    assert throttle.locks_of([secondary]).keys() == {secondary}
    clock.advance(seconds=72)
    assert said(from_somewhere("NADIE000")) == WRONG
    assert said(from_somewhere("NADIE001")) == LOCKED.format("2 minutos")


def test_a_stranger_does_not_keep_a_ruc_out_of_new_browsers(
    principal, secondary, make_secondary, clock
):
    users = [principal, secondary, make_secondary("COLEGA01", 90000050)]
    addresses, stranger = count(1), Client()

    def guess():
        number = next(addresses)
        sign_in(stranger, username=f"NADIE{number:03}", REMOTE_ADDR=f"192.0.2.{number}")

    for _ in range(50):
        guess()
    for user in users * 2:
        clock.advance(seconds=1.5)
        guess()
        assert throttle.locks_of(users) == {}
        entered = sign_in(Client(), PASSWORD, username=user.username, REMOTE_ADDR="198.51.100.1")
        assert entered.status_code == 302


def test_signing_in_does_not_make_room_for_guesses_in_a_full_ruc(client, secondary, clock):
    for number in range(50):
        sign_in(client, username=f"NADIE{number:03}", REMOTE_ADDR=f"192.0.2.{number}")
    for _ in range(3):
        assert sign_in(Client(), PASSWORD).status_code == 302
    assert said(sign_in(client, username="NADIE000")) == LOCKED.format("2 minutos")


def test_a_right_password_does_not_use_up_the_shared_limits(secondary, clock):
    for _ in range(30):
        assert sign_in(Client(), PASSWORD).status_code == 302
    assert set(FailureCount.objects.values_list("failures", flat=True)) == {0}


def test_all_addresses_of_an_ipv6_network_share_one_counter(client, operator, clock):
    for number in range(25):
        sign_in(client, username=f"NADIE{number:03}", REMOTE_ADDR=f"2001:db8::{number:x}")
    assert said(sign_in(client, REMOTE_ADDR="2001:db8::ffff:1")).startswith("Por seguridad")
    assert said(sign_in(client, REMOTE_ADDR="2001:db8:0:1::1")) == WRONG


HEADERS = {
    "HTTP_X_FORWARDED_FOR": "198.51.100.{}",
    "HTTP_FORWARDED": "for=198.51.100.{}",
    "HTTP_X_REAL_IP": "198.51.100.{}",
    "HTTP_USER_AGENT": "Navegador {}",
    "HTTP_HOST": "127.0.0.1:80{}",
    "HTTP_COOKIE": "device=inventado{}.prueba",
}


def test_a_header_of_the_client_does_not_change_its_counters(secondary, settings, clock):
    settings.ALLOWED_HOSTS = ["*"]
    for header, value in HEADERS.items():
        sign_in(Client(), **{header: value.format(10)})
        keys = set(FailureCount.objects.values_list("key", flat=True))
        sign_in(Client(), **{header: value.format(11)})
        assert set(FailureCount.objects.values_list("key", flat=True)) == keys, header
        assert {row.failures for row in FailureCount.objects.all()} == {2}, header
        FailureCount.objects.all().delete()


# A sign-in and its commits -----------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_sign_in_commits_four_times_and_a_wrong_guess_once(secondary):
    """Each commit waits for the disk and, on SQLite, for all other writers."""
    client = Client()
    client.get("/ingresar/")
    assert commits_of(lambda: sign_in(client, PASSWORD)) == 4
    assert client.get("/").status_code == 200
    assert commits_of(lambda: sign_in(Client())) == 1


def commits_of(request) -> int:
    """The transactions of a request, and its writes outside of any."""
    with CaptureQueriesContext(connection) as captured:
        request()
    statements = [query["sql"].split()[0].upper() for query in captured]
    commits, is_inside = 0, False
    for statement in statements:
        if statement in ("BEGIN", "COMMIT", "ROLLBACK"):
            is_inside = statement == "BEGIN"
            commits += is_inside
        elif statement in ("INSERT", "UPDATE", "DELETE") and not is_inside:
            commits += 1
    return commits


# The counters of the table -----------------------------------------------------------------------


def test_expired_counters_are_deleted(client, secondary, clock):
    for number in range(20):
        sign_in(client, username=f"NADIE{number:03}", REMOTE_ADDR=f"192.0.2.{number}")
    clock.advance(hours=11)
    sign_in(client, username="RECIENTE")
    clock.advance(hours=1, seconds=1)
    sign_in(client, PASSWORD)
    accounts = FailureCount.objects.filter(key__startswith="account:")
    left = {str(limits.account_key(RUC, name)) for name in ("RECIENTE", "JPEREZ01")}
    assert {row.key for row in accounts} == left


def test_an_error_during_the_comparison_uncounts_the_guess(secondary):
    with (
        pytest.raises(ZeroDivisionError),
        throttle.guess(None, ruc=RUC, username="JPEREZ01", user=secondary),
    ):
        raise ZeroDivisionError
    secondary.refresh_from_db()
    assert secondary.failed_sign_ins == 0
    assert {row.failures for row in FailureCount.objects.all()} == {0}
