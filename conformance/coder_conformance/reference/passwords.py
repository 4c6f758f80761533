"""Keeping secrets as digests."""

from __future__ import annotations

import hashlib
import hmac

from coder_conformance.reference.ids import Ids


def hash_password(password: str, ids: Ids) -> str:
    """Return a salted digest of ``password``."""
    salt = ids.octets(16)
    return f"{salt.hex()}:{_derive(password, salt).hex()}"


def matches_password(password: str, stored: str) -> bool:
    """Tell whether ``stored`` is a digest of ``password``."""
    salt, _, digest = stored.partition(":")
    if not digest:
        return False
    return hmac.compare_digest(_derive(password, bytes.fromhex(salt)), bytes.fromhex(digest))


def hash_secret(secret: str) -> str:
    """Return the digest of a token's secret, which is random and therefore needs no salt."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def matches_secret(secret: str, stored: str) -> bool:
    """Tell whether ``stored`` is the digest of ``secret``."""
    return hmac.compare_digest(hash_secret(secret), stored)


def _derive(password: str, salt: bytes) -> bytes:
    # Cheap on purpose: a development server must not spend its only core on one login.
    secret = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=1 << 12, r=8, p=1)
