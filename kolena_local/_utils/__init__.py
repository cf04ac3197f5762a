"""Private names of the original's client that scripts import all the same.

The original keeps them under this name, so a script that has them runs only if they stand here too.
Nothing in this package uses them, and nothing else belongs here.
"""
