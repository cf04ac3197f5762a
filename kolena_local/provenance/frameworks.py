"""What frameworks say about themselves, if they are imported already; none is imported here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

_QUESTIONS: Final[dict[str, dict[str, Callable[[Any], Any]]]] = {
    "torch": {
        "cuda": lambda torch: torch.version.cuda,
        "deterministic_algorithms": lambda torch: torch.are_deterministic_algorithms_enabled(),
        "cudnn_deterministic": lambda torch: torch.backends.cudnn.deterministic,
        "cudnn_benchmark": lambda torch: torch.backends.cudnn.benchmark,
        "threads": lambda torch: torch.get_num_threads(),
    },
    "tensorflow": {
        "cuda": lambda tf: tf.sysconfig.get_build_info().get("cuda_version"),
        "deterministic_algorithms": lambda tf: tf.config.experimental.is_op_determinism_enabled(),
    },
    "jax": {
        "x64": lambda jax: jax.config.jax_enable_x64,
        "matmul_precision": lambda jax: jax.config.jax_default_matmul_precision,
    },
}


def framework_facts() -> dict[str, dict[str, Any]]:
    """Return what each imported framework says about CUDA and determinism."""
    found = {}
    for name, questions in _QUESTIONS.items():
        module = sys.modules.get(name)
        answers = {key: _answer(ask, module) for key, ask in questions.items() if module}
        if answers:
            found[name] = answers
    return found


def _answer(ask: Callable[[Any], Any], module: Any) -> bool | int | str | None:
    try:
        answer = ask(module)
    except Exception:  # another version, or something else of that name
        return None
    return answer if answer is None or isinstance(answer, (bool, int)) else str(answer)
