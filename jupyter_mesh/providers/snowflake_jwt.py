"""A token that a user's RSA key signs, as Snowflake takes it.

Source: Snowflake SQL API, "Using key-pair authentication".
"""

from __future__ import annotations

import base64
import hashlib
import time
from typing import TYPE_CHECKING

import orjson

from ..errors import ConfigError
from ..outbound.authorization import Token
from ..schemas.json import JsonObject

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_SECONDS = 3_540
"""Snowflake takes none that lives longer than an hour."""


def key_pair_token(account: str, user: str, pem: str, passphrase: str | None = None) -> Token:
    """The token, for an hour.

    Args:
        account: Its identifier; of `locator.region` the locator only is meant.
        user: Whose key it is.
        pem: The private key.
        passphrase: Of the key, where it is encrypted.

    Raises:
        ConfigError: It is no RSA key, or the passphrase is wrong.
    """
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    key = _read(pem, passphrase)
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    print_of = base64.b64encode(hashlib.sha256(public).digest()).decode()
    who = f"{account.partition('.')[0].upper()}.{user.upper()}"
    now = int(time.time())
    claims: JsonObject = {
        "iss": f"{who}.SHA256:{print_of}",
        "sub": who,
        "iat": now,
        "exp": now + _SECONDS,
    }
    told = b".".join((_part({"alg": "RS256", "typ": "JWT"}), _part(claims)))
    signature = key.sign(told, padding.PKCS1v15(), hashes.SHA256())
    return Token(f"{told.decode()}.{_text(signature).decode()}", float(now + _SECONDS))


def _read(pem: str, passphrase: str | None) -> RSAPrivateKey:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    try:
        key = serialization.load_pem_private_key(
            pem.encode(), None if passphrase is None else passphrase.encode()
        )
    except (ValueError, TypeError):
        raise ConfigError(
            "`private_key` is no private key in PEM, or `private_key_passphrase` does not open it."
        ) from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ConfigError("`private_key` is no RSA key, which is what Snowflake takes.")
    return key


def _part(value: JsonObject) -> bytes:
    return _text(orjson.dumps(value))


def _text(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
