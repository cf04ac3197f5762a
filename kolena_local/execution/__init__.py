"""What ``test()`` does with the store: infer what is pending, load what was inferred, keep results.

``inference`` asks a model and saves what it answers in batches; ``inferred`` loads the answers for
an evaluator, and ``collected`` holds what it finds until it is saved. User code is only ever called
outside a transaction. Nothing here knows the workflow's classes: a model arrives as a callable.
"""
