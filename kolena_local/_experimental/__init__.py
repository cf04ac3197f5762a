"""Pre-built workflows, evaluators and helpers, under the module paths of Kolena's client.

They may change with the client that they follow. :mod:`kolena_local.evaluators` has evaluators for
workflows of your own.
"""
