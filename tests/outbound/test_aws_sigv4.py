"""Signatures are AWS' own: botocore makes the same ones."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest import mock

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from jupyter_mesh.outbound.aws_sigv4 import Keys, Signer, host_of

AT = datetime(2026, 11, 22, 15, 4, 5, tzinfo=UTC)
PLAIN = Keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
REQUESTS = [
    ("POST", "https://bedrock-runtime.eu-west-1.amazonaws.com/model/a.b-v1%3A0/converse", b"{}"),
    ("POST", "https://vpce-1.amazonaws.com/model/arn%3Aaws%3Abedrock%2Fx%20y/invoke", b"\xff\x00"),
    ("GET", "https://bedrock.eu-west-1.amazonaws.com/foundation-models", b""),
    ("GET", "https://h.example/inference-profiles?maxResults=1000&nextToken=a%2Fb%3D%3D", b""),
    ("GET", "https://h.example/x?b=2&a=1&a=0&empty", b""),
    ("POST", "http://127.0.0.1:8080/model/x~y_z.0/converse-stream", b"data"),
    ("POST", "https://h.example:443", b"data"),
]


@pytest.mark.parametrize("keys", [PLAIN, Keys(PLAIN.access_key, PLAIN.secret_key, "session/+=")])
@pytest.mark.parametrize(("method", "url", "body"), REQUESTS)
def test_a_signature_is_the_one_that_botocore_makes(
    method: str, url: str, body: bytes, keys: Keys
) -> None:
    request = AWSRequest(method, url, data=body)
    credentials = Credentials(keys.access_key, keys.secret_key, keys.token)
    with mock.patch.object(auth, "get_current_datetime", return_value=AT.replace(tzinfo=None)):
        auth.SigV4Auth(credentials, "bedrock", "eu-west-1").add_auth(request)
    ours = Signer("eu-west-1", "bedrock").headers(method, url, body, keys, at=AT)
    assert ours["Authorization"] == request.headers["Authorization"]
    assert ours.get("X-Amz-Security-Token") == keys.token


def test_another_day_and_other_keys_give_another_key() -> None:
    signer, url = Signer("us-east-1", "bedrock"), "https://h.example/"
    first = signer.headers("GET", url, b"", PLAIN, at=AT)
    again = signer.headers("GET", url, b"", PLAIN, at=AT)
    later = signer.headers("GET", url, b"", PLAIN, at=AT.replace(day=23))
    other = signer.headers("GET", url, b"", Keys("AKIDEXAMPLE", "other"), at=AT)
    fresh = Signer("us-east-1", "bedrock").headers("GET", url, b"", PLAIN, at=AT.replace(day=23))
    assert first == again
    assert later == fresh
    assert len({one["Authorization"][-64:] for one in (first, later, other)}) == 3


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://H.Example/x", "h.example"),
        ("https://h.example:443/", "h.example"),
        ("http://h.example:443/", "h.example:443"),
        ("http://[::1]:8080/", "[::1]:8080"),
    ],
)
def test_the_host_that_is_signed_is_the_one_that_is_sent(url: str, host: str) -> None:
    assert host_of(url) == host
