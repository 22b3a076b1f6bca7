"""A token by a program's own secret: shown to the server that was configured, and nowhere else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import BaseRequestHandler, TCPServer

import pytest

from jupyter_mesh.errors import ProviderMisconfigured, ProviderUnavailable
from jupyter_mesh.providers.oauth_client import client_token

SECRET = "TOP-SECRET"


@contextmanager
def serving(server: TCPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def answering(asked: list[str], status: int, location: str | None = None) -> HTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append(self.headers.get("Authorization") or "")
            body = b'{"access_token": "theirs", "expires_in": 60}'
            self.send_response(status)
            if location is not None:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815

        def log_message(self, format: str, *args: object) -> None: ...

    return HTTPServer(("127.0.0.1", 0), Handler)


def token_at(url: str) -> str:
    return client_token(f"{url}/token", "cid", SECRET, "all-apis", who="The connection 'x'").value


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_secret_follows_no_redirect(status: int) -> None:
    elsewhere: list[str] = []
    asked: list[str] = []
    with (
        serving(answering(elsewhere, 200)) as other,
        serving(answering(asked, status, f"{other}/steal")) as url,
        pytest.raises(ProviderMisconfigured, match="elsewhere") as refused,
    ):
        token_at(url)
    assert len(asked) == 1
    assert elsewhere == []
    assert SECRET not in refused.value.message


def test_a_token_is_had_where_nobody_redirects() -> None:
    asked: list[str] = []
    with serving(answering(asked, 200)) as url:
        assert token_at(url) == "theirs"
    assert asked[0].startswith("Basic ")


def test_an_answer_that_is_no_http_is_an_error_of_the_connection() -> None:
    class Babble(BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65_536)
            self.request.sendall(b"220 mail ready\r\n")

    with (
        serving(TCPServer(("127.0.0.1", 0), Babble)) as url,
        pytest.raises(ProviderUnavailable, match="no answer in HTTP"),
    ):
        token_at(url)
