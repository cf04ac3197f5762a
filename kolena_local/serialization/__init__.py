"""Conversion between the objects that users write and the JSON that the store keeps.

``data_object`` is the base class of everything that is stored, ``type_shapes`` takes type hints
apart, and ``fields`` describes a class. ``write`` and ``restore`` convert one object at a time;
``write_many`` and ``restore_many`` give the same results faster for many objects of one class.
Nothing here knows SQL or any concrete type: boxes, images and plots are defined on top of this
package, and so are the rules for the types of a workflow.
"""
