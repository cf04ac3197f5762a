"""How fast the package is, compared with what plain ``sqlite3`` needs for the same work.

``python -m tests.benchmarks`` measures; pytest only checks that it can (``tests/test_benchmarks``).
Each row measures one piece of work through the public API and a reference written by hand, turn by
turn in the same process, so that a busy machine disturbs both alike. Ratios count, seconds do not.
"""
