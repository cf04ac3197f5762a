"""The loop of ``test()``: infer what is pending, then evaluate.

``inference`` asks a model and saves what it answers in batches; ``evaluation`` hands stored results
to an evaluator and saves what it finds. User code is only ever called outside a transaction.
Neither knows the workflow
room: models and evaluators arrive as callables.
"""
