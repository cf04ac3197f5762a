"""The page: the store in a browser, served on this machine by ``kolena-local ui``.

``app`` makes the Flask application; a blueprint for each noun reads and changes the store through
the repositories, and renders templates on the server. ``guard`` stands before every route.
"""
