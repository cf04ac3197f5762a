"""How well a text answers a question whose answer is known.

The definitions are those of Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension
of Text", EMNLP 2016, and of its evaluation script, version 2.0. Before they are compared, texts
lose case, ASCII punctuation, the English articles and superfluous white space. Words are what white
space separates, so the token F1 says little about languages that are written without it.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from typing import Final

_PUNCTUATION: Final = str.maketrans("", "", string.punctuation)
_ARTICLES: Final = re.compile(r"\b(a|an|the)\b")


def normalize_answer(text: str) -> str:
    """Return a text without case, punctuation, articles and superfluous white space."""
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def exact_match(expected: str, given: str) -> bool:
    """Return whether two texts are equal once they are normalized.

    Args:
        expected: the known answer.
        given: the answer to judge.
    """
    return normalize_answer(expected) == normalize_answer(given)


def token_f1(expected: str, given: str) -> float:
    """Harmonic mean of the shares of words that two texts have in common.

    Args:
        expected: the known answer.
        given: the answer to judge.

    Returns:
        A number from 0.0 (no word in common) to 1.0 (the same words). If one of the texts has no
        words, it is 1.0 if the other has none either, and otherwise 0.0.
    """
    words, others = normalize_answer(expected).split(), normalize_answer(given).split()
    if not words or not others:
        return float(words == others)
    common = (Counter(words) & Counter(others)).total()
    return 2 * common / (len(words) + len(others))
