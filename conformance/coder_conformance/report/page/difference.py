"""Two long texts beside each other, with what differs marked."""

from __future__ import annotations

import json
import re
from difflib import SequenceMatcher

from ..visible import in_html
from .markup import LONGEST

# Below this a reader sees the difference at once.
_LONG = 100
# Above this comparing takes longer than is worth it.
_WORDS = 3000
# Texts that have less in common are two texts, not two versions of one.
_ALIKE = 0.5
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


def difference(expected: str, actual: str) -> tuple[str, str] | None:
    """Both as HTML, with `del` for what is missing and `ins` for what is there instead.

    Returns:
        None when they are short or have little in common, so that marks would only disturb.
    """
    if len(expected.strip()) < _LONG or len(actual.strip()) < _LONG:
        return None
    if max(len(expected), len(actual)) > LONGEST:
        return None
    old, new = _WORD.findall(_spread(expected)), _WORD.findall(_spread(actual))
    if len(old) > _WORDS or len(new) > _WORDS:
        return None
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.quick_ratio() < _ALIKE or _alike(matcher, old, new) < _ALIKE:
        return None
    left: list[str] = []
    right: list[str] = []
    for change, start, end, new_start, new_end in matcher.get_opcodes():
        before, after = in_html("".join(old[start:end])), in_html("".join(new[new_start:new_end]))
        if change == "equal":
            left.append(before)
            right.append(after)
            continue
        if before:
            left.append(f"<del>{before}</del>")
        if after:
            right.append(f"<ins>{after}</ins>")
    return "".join(left), "".join(right)


def _alike(matcher: SequenceMatcher[str], old: list[str], new: list[str]) -> float:
    """The part of the longer text's words that both have in common; spaces are no words."""
    common = sum(
        not word.isspace()
        for block in matcher.get_matching_blocks()
        for word in old[block.a : block.a + block.size]
    )
    return common / max(sum(not word.isspace() for word in words) for words in (old, new))


def _spread(text: str) -> str:
    """JSON on many lines; other text as it is."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(value, dict | list):
        return text
    return json.dumps(value, indent=2, ensure_ascii=False)
