"""Between objects that users write and JSON values that the store keeps.

``data_object`` says what an object is, ``layout`` which fields its class has, ``encode`` and
``decode`` lead out and in, ``fields`` tells whether a workflow may use a type. Nothing here knows
SQL, nor any concrete type: boxes, images and plots are built on this room, not in it.
"""
