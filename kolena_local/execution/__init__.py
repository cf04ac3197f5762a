"""The steps of ``test()``: infer pending samples, load inferences, collect results.

``infer_pending`` calls a model and saves its inferences in batches; ``inferred`` loads them for an
evaluator, and ``result_buffer`` holds its results until they are saved. User code is never
called inside a transaction. Nothing here imports the workflow's classes: a model is a callable.
"""
