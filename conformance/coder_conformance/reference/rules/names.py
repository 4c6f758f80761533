"""Which names, addresses and passwords are accepted."""

from __future__ import annotations

import math
from re import ASCII
from re import compile as regex

NAME_MAX_BYTES = 32
PASSWORD_MAX_LENGTH = 64
PASSWORD_MIN_ENTROPY = 52.0
_NAME = regex(r"[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*", ASCII)
_EMAIL = regex(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*",
    ASCII,
)
_CHARACTER_SETS = (
    "!@$&*",
    "_-., ",
    "\"#%'()+/:;<=>?[\\]^{|}~",
    "abcdefghijklmnopqrstuvwxyz",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "0123456789",
)
_SEQUENCES = ("0123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz")


def is_valid_name(name: str) -> bool:
    """Tell whether ``name`` may name a workspace or a user."""
    return (
        1 <= len(name) <= NAME_MAX_BYTES
        and name not in ("new", "create")
        and _NAME.fullmatch(name) is not None
    )


def is_valid_email(address: str) -> bool:
    """Tell whether ``address`` looks like an e-mail address."""
    return len(address) <= 254 and _EMAIL.fullmatch(address) is not None


def is_valid_real_name(name: str) -> bool:
    """Tell whether ``name`` may be a user's full name."""
    return len(name.encode("utf-8", "replace")) <= 128 and name == name.strip()


def password_problem(password: str) -> str | None:
    """Return why ``password`` is not good enough, ``None`` if it is."""
    if len(password) > PASSWORD_MAX_LENGTH:
        return f"password must be no more than {PASSWORD_MAX_LENGTH} characters"
    if password_entropy(password) < PASSWORD_MIN_ENTROPY:
        return (
            "insecure password, try including more special characters, using uppercase letters, "
            "using numbers or using a longer password"
        )
    return None


def password_entropy(password: str) -> float:
    """Estimate the entropy of ``password`` in bits.

    Runs of one character count as two, steps along a known sequence as two.
    """
    present = set(password)
    known = set("".join(_CHARACTER_SETS))
    base = sum(len(chars) for chars in _CHARACTER_SETS if present & set(chars))
    base += len(present - known)
    length = len(_without_predictable(password))
    return length * math.log2(base) if base > 1 else 0.0


def _without_predictable(password: str) -> str:
    kept: list[str] = []
    for char in password:
        if len(kept) >= 2:
            last = "".join(kept[-2:]) + char
            if last[0] == last[1] == last[2] or _is_step(last.lower()):
                kept[-1] = char
                continue
        kept.append(char)
    return "".join(kept)


def _is_step(triple: str) -> bool:
    return any(triple in row or triple[::-1] in row for row in _SEQUENCES)
