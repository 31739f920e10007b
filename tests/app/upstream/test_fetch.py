"""What Rialto opens for a user, and what it refuses: addresses in every form, redirects, names that change, bodies
without end.
"""

from __future__ import annotations

import datetime
import gzip
import ipaddress
import socket
import ssl
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.upstream.fetch import MAX_REDIRECTS, Fetched, Fetcher
from app.upstream.guard import Place, Reach, Unfetched, checked
from tests.support.scripted_server import CUT, Answer, ScriptedServer

PUBLIC = "93.184.215.14"
MOST, SECONDS = 100_000, 10.0

#: Address -> why it is not opened.
ADDRESSES = {
    "127.0.0.1": "loopback",
    "127.255.0.9": "loopback",
    "::1": "loopback",
    "10.1.2.3": "private",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.168.1.1": "private",
    "fc00::1": "private",
    "fd12:3456::1": "private",
    "169.254.1.1": "link-local",
    "fe80::1": "link-local",
    "fec0::1": "link-local",
    "0.0.0.0": "unspecified",
    "::": "unspecified",
    "0.1.2.3": "private",
    "224.0.0.1": "multicast",
    "ff02::1": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "100::1": "reserved",
    "100.64.0.1": "not a public",
    "192.0.0.8": "not a public",
    "192.0.2.1": "private",
    "198.18.0.1": "private",
    "198.51.100.1": "private",
    "203.0.113.1": "private",
    "192.88.99.1": "not a public",
    "2001:db8::1": "private",
    "3fff::1": "not a public",
    "::ffff:127.0.0.1": "IPv4 address in IPv6 form",
    "::ffff:93.184.215.14": "IPv4 address in IPv6 form",
    "::127.0.0.1": "IPv4 address in IPv6 form",
    "64:ff9b::7f00:1": "NAT64",
    "64:ff9b:1::a9fe:a9fe": "NAT64",
    "2002:7f00:1::": "6to4",
    "2001::1": "Teredo",
    "169.254.169.254": "metadata",
    "fd00:ec2::254": "metadata",
    "100.100.100.200": "metadata",
    "168.63.129.16": "metadata",
}
#: Those that stay shut when the user's own network is open.
NEVER_OPEN = {address for address, reason in ADDRESSES.items() if reason not in ("loopback", "private", "not a public")}
NEVER_OPEN |= {"0.1.2.3", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"}
NEVER_OPEN |= {"192.88.99.1", "2001:db8::1", "3fff::1"}

#: URL -> why it is not opened, whatever its host resolves to.
URLS = {
    "http://2130706433/": "no plain IPv4",
    "http://0x7f000001/": "no plain IPv4",
    "http://0x7F.0x0.0x0.0x1/": "no plain IPv4",
    "http://017700000001/": "no plain IPv4",
    "http://0177.0.0.1/": "no plain IPv4",
    "http://127.1/": "no plain IPv4",
    "http://127.0.0.01/": "no plain IPv4",
    "http://1.2.3.4.5/": "no plain IPv4",
    "http://example.0x7f/": "no plain IPv4",
    "http://127.0.0.1./": "loopback",
    "http://[::ffff:7f00:1]/": "IPv6 form",
    "http://[0:0:0:0:0:ffff:127.0.0.1]/": "IPv6 form",
    "http://[::1]:8080/": "loopback",
    "http://[fe80::1%25eth0]/": "valid host",
    "http://１２７.0.0.1/": "not a valid URL",
    "http://①②⑦.0.0.1/": "not a valid URL",
    "http://example.com\\@127.0.0.1/": "not a valid URL",
    "http://127.0.0.1\t.example.com/": "not a valid URL",
    "http://exa mple.com/": "not a valid URL",
    "http://example.com\r\nHost: other/": "not a valid URL",
    "http://127.0.0.1#@example.com/": "loopback",
    "http://user:secret@example.com/": "user name",
    "http://user@example.com/": "user name",
    "http://127.0.0.1:80@example.com/": "user name",
    "http://example.com:22/": "port 22",
    "http://example.com:25/": "port 25",
    "http://example.com:99999/": "not a valid URL",
    "http://[::1/": "not a valid URL",
    "http:///etc/passwd": "valid host",
    "http://": "valid host",
    "//example.com/": "only http",
    "example.com/x.png": "only http",
    "file:///etc/passwd": "only http",
    "ftp://example.com/": "only http",
    "gopher://127.0.0.1:6379/_INFO": "only http",
    "dict://127.0.0.1:11211/stat": "only http",
    "data:text/plain,x": "only http",
    "": "only http",
    "http://example.com/" + "x" * 9000: "not a valid URL",
}


def resolving(*addresses: str) -> Callable[[str, int], list[str]]:
    """A resolver with one answer for every name."""
    return lambda host, port: list(addresses)


def url_of(address: str) -> str:
    """An address as a URL."""
    return f"http://[{address}]/" if ":" in address else f"http://{address}/"


def refusal(url: str, *addresses: str, reach: Reach = "public") -> str:
    """Why the URL is not opened, "" when it is."""
    try:
        checked(url, reach, resolving(*(addresses or (PUBLIC,))))
    except Unfetched as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize(("address", "reason"), ADDRESSES.items(), ids=ADDRESSES)
def test_an_address_is_refused(address: str, reason: str) -> None:
    assert reason in refusal(url_of(address))


@pytest.mark.parametrize(("address", "reason"), ADDRESSES.items(), ids=ADDRESSES)
def test_a_name_that_leads_there_is_refused(address: str, reason: str) -> None:
    assert reason in refusal("https://example.com/", address)
    assert reason in refusal("https://example.com/", PUBLIC, address), "beside a public address"


@pytest.mark.parametrize(("url", "reason"), URLS.items(), ids=[repr(url)[:50] for url in URLS])
def test_a_form_is_refused(url: str, reason: str) -> None:
    assert reason in refusal(url)
    assert refusal(url, reach="private") or reason == "loopback"


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_users_own_network_can_be_opened_and_nothing_else(address: str) -> None:
    assert bool(refusal(url_of(address), reach="private")) == (address in NEVER_OPEN)


OPEN = {
    "http://example.com/a/b.png?x=1#part": Place("http", "example.com", 80, "/a/b.png?x=1", (PUBLIC,)),
    "https://EXAMPLE.com.:8443/ä": Place("https", "example.com", 8443, "/%C3%A4", (PUBLIC,)),
    "https://münchen.example": Place("https", "xn--mnchen-3ya.example", 443, "/", (PUBLIC,)),
    "https://1.1.1.1/": Place("https", "1.1.1.1", 443, "/", ("1.1.1.1",)),
    "http://[2606:4700::6812:1]:8080/": Place("http", "2606:4700::6812:1", 8080, "/", ("2606:4700::6812:1",)),
    "http://3com.com/": Place("http", "3com.com", 80, "/", (PUBLIC,)),
}


@pytest.mark.parametrize(("url", "place"), OPEN.items(), ids=OPEN)
def test_the_public_internet_is_open(url: str, place: Place) -> None:
    assert checked(url, "public", resolving(PUBLIC)) == place


def unknown(host: str, port: int) -> list[str]:
    raise socket.gaierror("no such name")


@pytest.mark.parametrize(
    ("resolve", "reason"), [(unknown, "cannot be resolved"), (resolving("fe80::1%3"), "link-local")]
)
def test_a_name_that_leads_nowhere(resolve: Callable[[str, int], list[str]], reason: str) -> None:
    with pytest.raises(Unfetched, match=f"example.com .*{reason}"):
        checked("http://example.com/", "public", resolve)


def test_the_systems_resolver_is_asked() -> None:
    assert "loopback" in refusal_of_the_system("http://localhost/")
    assert "cannot be resolved" in refusal_of_the_system("http://no-such-host.invalid/")


def refusal_of_the_system(url: str) -> str:
    with pytest.raises(Unfetched) as found:
        checked(url)
    return str(found.value)


# -- fetching: a server on loopback, opened as a user's own network


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


FETCHER = Fetcher(partial(checked, reach="private"))


def fetched(url: str, fetcher: Fetcher = FETCHER) -> Fetched:
    return fetcher.fetch(url, accept="image/*", most=MOST, seconds=SECONDS)


def failure(url: str, fetcher: Fetcher = FETCHER, seconds: float = SECONDS) -> str:
    with pytest.raises(Unfetched) as found:
        fetcher.fetch(url, most=MOST, seconds=seconds)
    return str(found.value)


def moved(location: str, status: int = 302) -> Answer:
    return Answer([b"elsewhere"], status, {"location": location}, "length")


def test_what_is_found(server: ScriptedServer) -> None:
    server.play([Answer([b"he", b"llo"], headers={"content-type": "Image/PNG; q=1"})])
    assert fetched(f"{server.url}/a?b=c") == Fetched(b"hello", "image/png", f"{server.url}/a?b=c")
    asked = server.requests[0]
    assert (asked.method, asked.path) == ("GET", "/a?b=c")


def test_nothing_of_rialtos_own_is_sent(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    server.play([moved("/next"), Answer([b"x"])])
    fetched(f"{server.url}/")
    for asked in server.requests:
        assert asked.headers == {
            "host": server.url.removeprefix("http://"),
            "user-agent": "rialto",
            "accept": "image/*",
            "accept-encoding": "identity",
            "connection": "close",
        }


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(server: ScriptedServer, status: int) -> None:
    server.play([moved("/next?x=1", status), Answer([b"found"])])
    assert fetched(f"{server.url}/first") == Fetched(b"found", "", f"{server.url}/next?x=1")


REDIRECTS = {
    "the cloud's keys": ("http://169.254.169.254/latest/meta-data/", "metadata"),
    "the same in another form": ("http://2852039166/", "no plain IPv4"),
    "through IPv6": ("http://[::ffff:169.254.169.254]/", "IPv6 form"),
    "without a scheme": ("//169.254.169.254/", "metadata"),
    "a file": ("file:///etc/passwd", "only http"),
    "another service": ("gopher://127.0.0.1:6379/_INFO", "only http"),
    "a password": ("http://me:secret@example.com/", "user name"),
    "nowhere": ("http://[", "failed|not a valid URL"),
}


@pytest.mark.parametrize(("location", "reason"), REDIRECTS.values(), ids=REDIRECTS)
def test_a_redirect_is_checked(server: ScriptedServer, location: str, reason: str) -> None:
    server.play([moved(location)])
    with pytest.raises(Unfetched, match=reason):
        fetched(f"{server.url}/")
    assert len(server.requests) == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "192.168.0.1", "[::1]", "localhost"])
def test_a_redirect_from_outside_to_the_inside_is_refused(server: ScriptedServer, address: str) -> None:
    """The first host counts as public, as if the server stood on the internet."""

    def check(url: str) -> Place:
        return checked(url, "private" if url.startswith(server.url) else "public")

    server.play([moved(f"http://{address}:8080/admin"), Answer([b"secret"])])
    assert "it redirects" in failure(f"{server.url}/", Fetcher(check))
    assert len(server.requests) == 1


def test_redirects_end(server: ScriptedServer) -> None:
    server.play(lambda request: moved("/again"))
    assert "redirects more than" in failure(f"{server.url}/")
    assert len(server.requests) == MAX_REDIRECTS + 1


def test_a_name_is_resolved_once_and_the_checked_address_is_used(server: ScriptedServer) -> None:
    port = server.server.server_port
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    server.play([Answer([b"x"])])
    fetched(f"http://pictures.test:{port}/", Fetcher(partial(checked, reach="private", resolve=resolve)))
    assert asked == ["pictures.test"]
    assert server.requests[0].headers["host"] == f"pictures.test:{port}"


def test_a_name_that_changes_between_two_hops_is_refused(server: ScriptedServer) -> None:
    port = server.server.server_port
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    server.play([moved("/again"), Answer([b"secret"])])
    check = partial(checked, reach="private", resolve=lambda host, port: next(answers))
    assert "metadata" in failure(f"http://pictures.test:{port}/", Fetcher(check))


def test_another_address_of_the_host_is_tried(server: ScriptedServer) -> None:
    port = server.server.server_port
    check = partial(checked, reach="private", resolve=resolving("127.0.0.3", "127.0.0.1"))
    server.play([Answer([b"x"])])
    assert fetched(f"http://pictures.test:{port}/", Fetcher(check)).data == b"x"


def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        assert "cannot be reached" in failure(f"http://127.0.0.1:{probe.getsockname()[1]}/")


HALF = gzip.compress(b"\0" * (MOST // 2))
BOMB = gzip.compress(b"\0" * 200_000_000, 9)
BODIES = {
    "announced": (Answer([b"a" * (MOST + 1)], framing="length"), "larger than"),
    "in chunks": (Answer([b"a" * 60_000] * 9), "larger than"),
    "until the end": (Answer([b"a" * 60_000] * 9, framing="close"), "larger than"),
    "a bomb": (Answer([BOMB], headers={"content-encoding": "gzip"}, framing="length"), "larger than"),
    "a bomb in chunks": (Answer([BOMB], headers={"content-encoding": "gzip"}), "larger than"),
    "a bomb in a bomb": (
        Answer([gzip.compress(BOMB)], headers={"content-encoding": "gzip, gzip"}, framing="length"),
        "larger than",
    ),
    "no gzip": (Answer([b"plain"], headers={"content-encoding": "gzip"}), "connection failed"),
    "cut off": (Answer([b"a" * 10, CUT]), "connection failed"),
    "missing": (Answer([b"no"], 404), "HTTP 404"),
    "not modified": (Answer([], 304, framing="length"), "HTTP 304"),
    "a redirect without a target": (Answer([], 302, framing="length"), "HTTP 302"),
    "a wrong length": (Answer([b"x"], headers={"content-length": "many"}, framing="close"), "failed"),
}


@pytest.mark.parametrize(("answer", "reason"), BODIES.values(), ids=BODIES)
def test_a_body_that_is_not_taken(server: ScriptedServer, answer: Answer, reason: str) -> None:
    server.play([answer])
    tracemalloc.start()
    try:
        assert reason in failure(f"{server.url}/")
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("codings", ["gzip", "identity, gzip"])
def test_a_compressed_body_within_the_limit(server: ScriptedServer, codings: str) -> None:
    server.play([Answer([HALF], headers={"content-encoding": codings}, framing="length")])
    assert fetched(f"{server.url}/").data == b"\0" * (MOST // 2)


@pytest.mark.parametrize("before", [[], [b"a"]], ids=["no word", "one word"])
def test_a_server_that_falls_silent(server: ScriptedServer, before: list[bytes]) -> None:
    gate = threading.Event()
    server.play([Answer([*before, gate])])
    assert "longer than 0.3 seconds" in failure(f"{server.url}/", seconds=0.3)
    gate.set()


def test_a_server_that_drips_its_headers() -> None:
    """Every byte comes in time for the socket; all of them together do not."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()
        threading.Thread(target=drip, args=(listening, over), daemon=True).start()
        assert "longer than" in failure(f"http://127.0.0.1:{listening.getsockname()[1]}/", seconds=0.4)
        assert over.wait(10), "the connection was not cut"


def drip(listening: socket.socket, over: threading.Event) -> None:
    peer, _ = listening.accept()
    with peer:
        peer.sendall(b"HTTP/1.1 200 OK\r\nx: ")
        try:
            while not over.wait(0.02):
                peer.sendall(b"y")
        except OSError:
            over.set()


def test_a_resolver_that_hangs() -> None:
    gate = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        gate.wait(10)
        return [PUBLIC]

    assert "longer than" in failure("http://slow.test/", Fetcher(partial(checked, resolve=resolve)), seconds=0.2)
    gate.set()


# -- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of pictures.test, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pictures.test")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("pictures.test"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "pictures.pem"
    plain = serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def secure(certificate: Path) -> Iterator[tuple[int, list[str | None]]]:
    """The port of a TLS server and the names that clients have asked it for."""
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda sock, name, context: names.append(name)
    with ScriptedServer(lambda request: Answer([b"x"])) as server:
        server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
        yield server.server.server_port, names


def secured(certificate: Path, *addresses: str) -> Fetcher:
    return Fetcher(partial(checked, reach="private", resolve=resolving(*addresses)), str(certificate))


def test_the_name_is_asked_for_and_its_certificate_checked(
    secure: tuple[int, list[str | None]], certificate: Path
) -> None:
    port, names = secure
    assert fetched(f"https://pictures.test:{port}/", secured(certificate, "127.0.0.1")).data == b"x"
    assert names == ["pictures.test"]


def test_an_address_has_a_certificate_too(secure: tuple[int, list[str | None]], certificate: Path) -> None:
    assert fetched(f"https://127.0.0.1:{secure[0]}/", secured(certificate)).data == b"x"


def test_the_certificate_of_another_name(secure: tuple[int, list[str | None]], certificate: Path) -> None:
    assert "certificate" in failure(f"https://other.test:{secure[0]}/", secured(certificate, "127.0.0.1"))


def test_a_certificate_that_nobody_knows(secure: tuple[int, list[str | None]]) -> None:
    assert "certificate" in failure(f"https://127.0.0.1:{secure[0]}/")


def test_a_server_without_tls(server: ScriptedServer) -> None:
    assert "TLS" in failure(server.url.replace("http:", "https:"))
